"""A receiver of webhooks: when was which change posted, and when had the collector received it?

Says `ready <port>`; when its standard input ends it says what was heard as one JSON document. /slow never answers.
"""

import asyncio
import json
import sys
import time

from aiohttp import web

from event_contract.times import parse_time
from scripts.benchmarks.city.listeners import spread


async def receive() -> None:
    posts: dict[int, float] = {}

    async def quick(post: web.Request) -> web.Response:
        now = time.time()
        alert = json.loads(await post.read())["data"]
        posts.setdefault(alert["seq"], now - parse_time(alert["received_at"]))
        return web.Response(status=204)

    async def slow(_post: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    app = web.Application()
    app.router.add_post("/quick", quick)
    app.router.add_post("/slow", slow)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready {runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"posted": len(posts), "post_ms": spread(list(posts.values()))}), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(receive())
