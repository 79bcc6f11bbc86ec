"""Signed webhooks (Standard Webhooks): one POST per message."""

import time
from email.utils import parsedate_to_datetime

import aiohttp

from collector import __version__
from collector.config.webhooks import Webhooks
from collector.core import signing
from collector.core.subscribing import Subscriber
from collector.outputs.addresses import Guarded
from collector.outputs.carrying import Message, Reply, content

GONE = 410


class Webhook:
    """A carrier; belongs to the event loop."""

    at_once = 32

    def __init__(self, rules: Webhooks) -> None:
        self._rules = rules
        self._http: aiohttp.ClientSession | None = None

    def met(self) -> int:
        return 0  # what was taken stays

    async def carry(self, subscriber: Subscriber, message: Message) -> Reply:
        body, now = content(subscriber, message), time.time()
        headers = {"Content-Type": "application/json", **signing.headers(subscriber.valid(now), message.id, int(now), body)}
        try:
            async with self._session().post(subscriber.wish.url, data=body, headers=headers, allow_redirects=False) as answer:
                after_s = _seconds(answer.headers.get("Retry-After"), time.time())
                return Reply(200 <= answer.status < 300, str(answer.status), after_s, gone=answer.status == GONE)
        except TimeoutError:
            return Reply(False, f"no answer within {self._rules.timeout_s:g} s")
        except aiohttp.ClientConnectorError as error:
            return Reply(False, str(error.os_error)[:200])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(False, f"{type(error).__name__}: {error}"[:200])

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(resolver=Guarded(self._rules), limit=0, ttl_dns_cache=60)
            timeout = aiohttp.ClientTimeout(total=self._rules.timeout_s)
            agent, jar = {"User-Agent": f"kerbwatch/{__version__}"}, aiohttp.DummyCookieJar()
            self._http = aiohttp.ClientSession(connector=connector, timeout=timeout, headers=agent, cookie_jar=jar)
        return self._http


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Seconds or a date (RFC 9110, 10.2.3); None for anything else."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
