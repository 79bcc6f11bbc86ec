"""E-mail by SMTP: one message per connection, in a thread, for the standard library's client blocks."""

import asyncio
import os
import re
import smtplib
import ssl
from email.message import EmailMessage

from collector.config.mail import Mail
from collector.config.places import secret_in
from collector.core.errors import WrongUse
from collector.core.subscribing import Subscriber
from collector.outputs import mail_text
from collector.outputs.carrying import Message, Reply
from collector.outputs.telling import Desk

PASSWORD = "COLLECTOR_MAIL_PASSWORD"  # noqa: S105 - a variable's name


class Post:
    """A carrier; belongs to the event loop."""

    at_once = 1  # so that they come in their order

    def __init__(self, server: Mail, desk: Desk) -> None:
        self._server, self._desk = server, desk

    def met(self) -> int:
        return 0  # what was taken stays

    async def carry(self, subscriber: Subscriber, message: Message) -> Reply:
        server = self._server
        mail = mail_text.compose(subscriber, message, self._desk, server.sender, server.console)
        try:
            return Reply(True, await asyncio.to_thread(send, server, mail))
        except smtplib.SMTPResponseException as error:
            return Reply(False, f"{error.smtp_code} {_text(error.smtp_error)}")
        except smtplib.SMTPRecipientsRefused as error:
            return Reply(False, "; ".join(f"{code} {_text(said)}" for code, said in error.recipients.values()))
        except (smtplib.SMTPException, OSError, WrongUse) as error:
            return Reply(False, f"{type(error).__name__}: {error}"[:200])

    async def close(self) -> None:
        pass


def send(server: Mail, mail: EmailMessage) -> str:
    """Hand it over, and what the server says to it. Raises SMTPException, OSError, and WrongUse without a password."""
    context = ssl.create_default_context(cafile=server.ca)
    if server.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    with client:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.username is not None:
            client.login(server.username, _password(server))
        client.send_message(mail)
    return "handed over"


def check_address(url: str) -> None:
    """Raises WrongUse for what is no `mailto:name@host`; one address, no headers."""
    if not re.fullmatch(r"[\w.!#$%&'*+/=^`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", mail_text.address(url), re.ASCII):
        raise WrongUse(f"url {url[:80]!r}: expected mailto:name@host, one address")


def _password(server: Mail) -> str:
    given = secret_in(server.password_file) if server.password_file else os.environ.get(PASSWORD)
    if not given:
        raise WrongUse(f"mail.username: no password; name a file in mail.password_file, or set {PASSWORD}")
    return given


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:160]
