"""The map in the configuration: what is refused; and that browsers may fetch tiles from its address, and from nowhere else."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from collector.config import ConfigError, load
from collector.config.map import Map
from collector.web.server import HEADERS, harden
from collector.web.services import SERVICES, Services


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ('tiles = "https://tiles.example/{z}/{x}.png"', "map.tiles: expected one such as"),
        ('tiles = "https://tiles.example; script-src *//{z}/{x}/{y}.png"', "map.tiles: expected one such as"),
        ('tiles = "javascript:{z}{x}{y}"', "map.tiles: expected one such as"),
        ('roads = "none.geojson"', "none.geojson: No such file"),
        ('roads = "bad.geojson"', "bad.geojson: expected a GeoJSON FeatureCollection"),
        ('roads = "points.geojson"', "points.geojson: has no LineString"),
    ],
)
def test_what_makes_no_map_is_refused(tmp_path: Path, line: str, refused: str) -> None:
    (tmp_path / "bad.geojson").write_text('{"features": [{"geometry": null}]}')
    point = '{"geometry": {"type": "Point", "coordinates": [109.2, 13.7]}}'
    (tmp_path / "points.geojson").write_text(f'{{"features": [{point}]}}')
    (tmp_path / "collector.toml").write_text(f"[map]\n{line}\n")
    with pytest.raises(ConfigError, match=refused):
        load(tmp_path / "collector.toml")


@pytest.mark.parametrize(
    ("tiles", "images"),
    [(None, "img-src 'self';"), ("https://tiles.example:8443/a/{z}/{x}/{y}.png", "img-src 'self' https://tiles.example:8443;")],
)
def test_the_policy_lets_images_come_from_the_tiles_origin_only(tiles: str | None, images: str) -> None:
    app, response = web.Application(), web.Response()
    app[SERVICES] = services_with(Map(tiles=tiles))
    asyncio.run(harden(make_mocked_request("GET", "/", app=app), response))
    policy = response.headers["Content-Security-Policy"]
    assert images in policy
    assert len(policy.split(";")) == len(HEADERS["Content-Security-Policy"].split(";"))


def services_with(settings: Map) -> Services:
    nothing: list[object] = [None] * 7
    return Services(*nothing, map=settings)  # type: ignore[arg-type]  # the policy asks for nothing else
