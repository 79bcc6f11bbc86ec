"""Subscribers by webhook over HTTP: who may be told, and that a secret is shown once."""

import base64
from pathlib import Path
from typing import Any

from tests.unit.test_collector_web import Site, run


def test_subscribers_over_http(tmp_path: Path) -> None:
    hooks = "/api/v1/subscriptions"

    async def scene(site: Site) -> None:
        async def post(path: str, content: Any, status: int = 200) -> Any:
            async with site.http.post(site.url + path, json=content, headers=site.bearer) as answer:
                assert answer.status == status, await answer.text()
                return await answer.json() if status == 200 else await answer.text()

        made = await post(hooks, {"name": "ioc", "url": "https://ioc.example/", "kinds": ["flood"]})
        prefix, key = made["secret"].split("_")
        assert (prefix, made["secrets"]) == ("whsec", 1) and 24 <= len(base64.b64decode(key, validate=True)) <= 64
        assert "name" in await post(hooks, {"name": "ioc", "url": "https://ioc.example/"}, 409)
        assert "allow_http" in await post(hooks, {"name": "two", "url": "http://ioc.example/"}, 400)
        assert "mailto:NAME@HOST or mqtt:TOPIC" in await post(hooks, {"name": "two", "url": "ftp://ioc.example/"}, 400)
        await post(hooks, {"name": "two", "url": "https://ioc.example/", "quiet": "25:00-06:00"}, 400)
        turned = await post(f"{hooks}/ioc/rotate", {"overlap_h": 1})
        assert turned["secret"] != made["secret"]
        [listed] = (await site.get(hooks))["subscriptions"]
        assert (listed["name"], listed["secrets"], listed["waiting"]) == ("ioc", 2, 0)
        assert "secret" not in listed and made["secret"] not in str(listed)
        assert await site.get(f"{hooks}/ioc/deliveries") == {"deliveries": []}
        await post(f"{hooks}/none/rotate", {}, 404)
        async with site.http.delete(f"{site.url}{hooks}/ioc", headers=site.bearer) as answer:
            assert (await answer.json())["name"] == "ioc"
        assert (await site.get(hooks))["subscriptions"] == []
        for name, url in (("duty", "mailto:duty@city.example"), ("city", "mqtt:kerbwatch/alerts")):
            made = await post(hooks, {"name": name, "url": url, "per_minute": 6, "hold_critical": True})
            assert (made["secret"], made["secrets"], made["held"], made["hold_critical"]) == (None, 0, 0, True)
            assert "no secret" in await post(f"{hooks}/{name}/rotate", {}, 400)
        for url in ("mailto:duty@city.example?bcc=x@y.example", "mqtt:roadside/v1/x", "mqtt:a/#"):
            assert "url" in await post(hooks, {"name": "bad", "url": url}, 400)

    run(tmp_path, scene)
