"""Users, tokens and one device over HTTP: secrets are told once and written nowhere, what cannot be is refused in words."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from collector.core.delivery import Received
from collector.store.access.accounts import Accounts
from collector.store.questions import one_device
from event_contract import topics
from event_contract.messages import CameraHealth, HealthData, MachineHealth, encode
from event_contract.presence import CameraBirth
from tests.databases import StoreDatabase
from tests.unit.test_collector_web import PASSWORD, Site, run
from tests.wire_messages import CLOCK, DEVICE, birth, event, incident


async def send(site: Site, method: str, path: str, **content: Any) -> tuple[int, dict[str, Any]]:
    async with site.http.request(method, site.url + path, json=content or None, headers=site.bearer) as answer:
        return answer.status, await answer.json()


def test_users_are_made_changed_and_removed(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        status, made = await send(site, "POST", "/api/v1/users", name="lan", role="viewer")
        assert status == 200 and (made["name"], made["role"]) == ("lan", "viewer")
        accounts = Accounts(tmp_path / "accounts.sqlite")
        assert accounts.check("lan", made["password"])
        session = accounts.open_session("lan")
        status, again = await send(site, "POST", "/api/v1/users", name="lan")
        assert (status, again["field"]) == (409, "name")
        status, bad = await send(site, "POST", "/api/v1/users", name="hai ba")
        assert (status, bad["field"]) == (400, "name")

        status, renewed = await send(site, "POST", "/api/v1/users/lan/password")
        assert status == 200 and renewed["role"] == "viewer" and accounts.who(session) is None
        assert accounts.check("lan", renewed["password"]) and not accounts.check("lan", made["password"])
        lan = {"name": "lan", "role": "engineer", "disabled": False}
        assert await send(site, "POST", "/api/v1/users/lan/role", role="engineer") == (200, lan)
        assert (await send(site, "POST", "/api/v1/users/operator/role", role="admin"))[0] == 200
        status, refused = await send(site, "POST", "/api/v1/users/operator/role", role="viewer")
        assert status == 409 and "only admin" in refused["detail"]
        for method, path in (("DELETE", "operator"), ("POST", "operator/disable"), ("POST", "nobody/enable")):
            assert (await send(site, method, f"/api/v1/users/{path}"))[0] == (404 if "nobody" in path else 409)
        accounts.tokens.create("hers", "viewer", made_by="lan")
        assert await send(site, "POST", "/api/v1/users/lan/disable") == (200, {**lan, "disabled": True})
        assert (await site.get("/api/v1/users"))["users"][0]["disabled"] and not accounts.check("lan", renewed["password"])
        assert await send(site, "POST", "/api/v1/users/lan/enable") == (200, lan)
        assert accounts.check("lan", renewed["password"])
        assert await send(site, "DELETE", "/api/v1/users/lan") == (200, lan)
        assert (await send(site, "DELETE", "/api/v1/users/lan"))[0] == 404
        assert (await site.get("/api/v1/users"))["users"] == [{"name": "operator", "role": "admin", "disabled": False}]

        written = [(one.who, one.action, one.target, one.detail) for one in accounts.audit.read()]
        assert ("token:api-token", "set password", "lan", "viewer") in written
        for action, detail in (("disable user", "hers"), ("enable user", ""), ("remove user", "")):
            assert ("token:api-token", action, "lan", detail) in written
        assert not any(secret in str(one) for one in written for secret in (made["password"], renewed["password"]))

    run(tmp_path, scene)


def test_people_change_their_own_password_and_guessing_it_locks(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        await site.log_in()

        async def change(old: str, new: str = "another long one", **headers: str) -> tuple[int, Any]:
            content = {"old": old, "new": new}
            async with site.http.post(f"{site.url}/api/v1/me/password", json=content, headers=headers) as answer:
                return answer.status, await answer.json()

        status, problem = await change(PASSWORD, "short")
        assert (status, problem["field"]) == (400, "new")
        for _ in range(4):
            status, problem = await change("a guess")
            assert (status, problem["field"]) == (400, "old")
        assert await change(PASSWORD) == (200, {"name": "operator", "role": "operator"})
        assert (await change("another long one"))[0] == 401  # logged out
        assert (await site.log_in("another long one")).headers["Location"] == "/"
        guesses = [(await change("a guess"))[0] for _ in range(6)]
        assert guesses == [400] * 5 + [429]
        assert (await change(PASSWORD, **site.bearer))[0] == 429  # nor a token, which has no password
        entries = Accounts(tmp_path / "accounts.sqlite").audit.read()
        assert [(one.who, one.target) for one in entries if one.action == "set password"] == [("operator", "operator")]
        assert not any("another" in str(one) for one in entries)

    run(tmp_path, scene)


def test_tokens_are_made_listed_without_their_secrets_and_revoked(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        status, made = await send(site, "POST", "/api/v1/tokens", name="wall", role="viewer", expires_at="2999-01-01T00:00:00Z")
        assert status == 200
        hers = {"Authorization": f"Bearer {made['token']}"}
        async with site.http.get(f"{site.url}/api/v1/me", headers=hers) as answer:
            assert await answer.json() == {"name": "token:wall", "role": "viewer"}
        [listed] = (await site.get("/api/v1/tokens"))["tokens"]
        assert listed["expires_at"] == "2999-01-01T00:00:00.000Z" and listed["used_at"] and made["token"] not in str(listed)
        for status, field, content in (
            (409, None, {"name": "wall", "role": "viewer"}),
            (400, "expires_at", {"name": "b", "role": "viewer", "expires_at": "soon"}),
            (409, None, {"name": "b", "role": "viewer", "expires_at": "2001-01-01T00:00:00Z"}),
            (400, "role", {"name": "b", "role": "king"}),
        ):
            got, problem = await send(site, "POST", "/api/v1/tokens", **content)
            assert got == status and (field is None or problem["field"] == field), problem
        assert (await send(site, "DELETE", "/api/v1/tokens/wall"))[0] == 200
        assert (await send(site, "DELETE", "/api/v1/tokens/wall"))[0] == 404
        async with site.http.get(f"{site.url}/api/v1/me", headers=hers) as answer:
            assert answer.status == 401

    run(tmp_path, scene)


def test_all_that_is_known_of_one_device(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        cameras = tuple(CameraBirth(name=name, scene_sha256="5c", model="m", model_sha256="3d") for name in ("north", "south"))
        site.put(encode(birth(cameras=cameras)), topic=topics.status(DEVICE))
        north = CameraHealth(name="north", state="live", frames=9, dropped=1, restarts=2, fps=9.9, inference_ms=40.0)
        machine = MachineHealth(temperature_c=81.5, throttled=True)
        given: dict[str, Any] = {"outbox_messages": 3, "disk_full": True, "frame_share": 0.5, "machine": machine}
        health = HealthData(run="r", uptime_s=60.0, cameras=(north,), clock=CLOCK, **given)
        site.put(event(health, 1, stream="t", event_class="telemetry"), topic=topics.event(DEVICE, "telemetry"))
        site.put(event(incident(), 3))
        told = await site.get(f"/api/v1/devices/{DEVICE}")
        assert (told["road"], told["software"], told["uptime_s"], told["disk_full"]) == ("qn-test", "0.1.0", 60.0, True)
        assert (told["clock_error_ms"], told["outbox"]["messages"], told["events"], told["missing"]) == (5.0, 3, 2, 2)
        assert (told["frame_share"], told["machine"]["temperature_c"], told["machine"]["cpu_busy"]) == (0.5, 81.5, None)
        assert [told[name] for name in ("health", "maintenance", "test")] == [None, None, None]
        first, second = told["cameras"]
        assert (first["name"], first["state"], first["fps"], first["model"]) == ("north", "live", 9.9, "m")
        assert (second["name"], second["state"], second["frames"]) == ("south", None, None)
        assert [one["missing"] for one in told["streams"] if one["class"] == "incident"] == [[[1, 2]]]
        assert (await send(site, "GET", "/api/v1/devices/nobody"))[0] == 404

        site.put(event(incident(), 1, device="mute"), topic=topics.event("mute", "incident"))
        [brief, other] = (await site.get("/api/v1/devices?streams=false"))["devices"]
        assert (brief["device"], brief["streams"], other["streams"], other["missing"]) == ("mute", [], [], 2)
        mute = await site.get("/api/v1/devices/mute")
        assert (mute["online"], mute["cameras"], mute["health_at"], mute["events"]) == (False, [], None, 1)

    run(tmp_path, scene)


def test_either_engine_tells_the_same_of_a_device(database: StoreDatabase) -> None:
    received = Received(topics.status(DEVICE), encode(birth(2, 5, site="Điểm 1")), 1_800_000_000.0)
    health = event(HealthData(run="r", uptime_s=60.0, clock=CLOCK), 1, stream="t", event_class="telemetry", at=1_800_000_000.0)
    with closing(database.store()) as store:
        store.commit([received, Received(topics.event(DEVICE, "telemetry"), health, 1_800_000_000.0)])
    with closing(database.writer()) as db:
        if isinstance(db, sqlite3.Connection):
            db.row_factory = sqlite3.Row
        told = one_device.whole(db, DEVICE)
        assert told and (told["site"], told["online"], told["missing"], told["uptime_s"]) == ("Điểm 1", True, 4, 60.0)
        assert one_device.whole(db, "nobody") is None
