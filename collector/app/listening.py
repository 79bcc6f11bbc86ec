"""Where the console and the API are heard: the address, its certificate, and the names that are ours."""

import os
import ssl
from contextlib import AsyncExitStack

from aiohttp import web

from collector.app.ending import CannotServe
from collector.config import Config


async def listen(app: web.Application, config: Config, parts: AsyncExitStack) -> str:
    """The address. Raises CannotServe."""
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, config.http.host, config.http.port, ssl_context=_tls(config)).start()
    except OSError as error:
        raise CannotServe(
            f"port {config.http.port} on {config.http.host}: {os.strerror(error.errno or 0)}; "
            "stop what listens there, or choose another with --http-port"
        ) from error
    host, port = runner.addresses[0][:2]
    return f"{'https' if config.http.tls else 'http'}://{host}:{port}"


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.http.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.http.tls.cert, config.http.tls.key)
    except (ssl.SSLError, OSError) as error:
        raise CannotServe(f"{config.http.tls.cert}: {error.strerror or error}; check http.tls.cert and http.tls.key") from error
    return context


def hosts(config: Config) -> frozenset[str]:
    return frozenset({"localhost", "127.0.0.1", "::1", config.http.host, *config.http.allowed_hosts})
