"""From an alert to its still, over TLS everywhere: agent, hardened broker, collector, and the command that a person gives."""

import subprocess
import sys
from math import ceil, floor
from pathlib import Path

import cv2
import numpy as np
import pytest

from collector.client import Api
from collector.store.access.accounts import ACCOUNTS, Accounts
from tests.brokers import free_port, wait_until
from tests.certificates import Authority, hardened
from tests.drawn_drive import site, write_drive
from tests.unit.test_collector_cli import collector, served

pytestmark = pytest.mark.chain


def test_an_operator_asks_and_sees_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, port, folder = Authority(tmp_path), free_port(), tmp_path / "device"
    authority.issue("collector", "collector-1")
    authority.issue("web", None)
    cert, key = authority.issue("kerb-1", "kerb-1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    settings = tmp_path / "collector.toml"
    settings.write_text(
        f"[broker]\nport = {port}\n[broker.tls]\nca = 'ca.pem'\ncert = 'collector.pem'\nkey = 'collector.key'\n"
        "[http.tls]\ncert = 'web.pem'\nkey = 'web.key'\n[evidence]\nstills = true\nkeep_h = 1\n"
    )
    with hardened(authority, port, ("collector-1",)), served(tmp_path, "--config", str(settings), mqtt_port=port) as running:
        url, token_file = f"https://127.0.0.1:{running.http_port}", running.data_dir / "api-token"
        folder.mkdir()
        write_drive(folder)
        tls = f"port = {port}\nca = '{authority.ca}'\ncert = '{cert}'\nkey = '{key}'"
        watching = site(folder, tls, f"collector = '{url}'\nca = '{authority.ca}'")
        agent = subprocess.Popen([Path(sys.executable).parent / "edge-agent", "run", "--quiet", "--config", watching])
        try:
            api = Api(url, token_file.read_text().strip())
            wait_until(lambda: bool(api.get("/api/v1/alerts")["alerts"]), 60, "no alert comes")
            first = api.get("/api/v1/events", kind="wrong_way", limit=1)["events"][0]
            begun = first["event"]["data"]  # of the still's own moment; the alert goes on
            alert = f"{first['device']}/{begun['incident']}"
            out = tmp_path / "still.jpg"
            done = collector("alerts", "still", alert, "--out", out, "--url", url, "--token-file", token_file)
            assert (done.returncode, done.stderr) == (0, ""), running.log.read_text()
            assert f"written: {out}, seen at " in done.stdout
            gone = collector("alerts", "still", "no/such", "--out", out, "--url", url, "--token-file", token_file)
            assert gone.returncode == 1 and "no alert 'no/such'" in gone.stderr
        finally:
            agent.terminate()
            agent.wait(60)
    assert begun["phase"] == "new"
    check(cv2.imread(str(out)), begun["box"])
    audit = Accounts(running.data_dir / ACCOUNTS).audit.read()
    assert [(one.who, one.target) for one in audit if one.action == "look at still"] == [("token:api-token", alert)]
    assert len(list((running.data_dir / "stills").iterdir())) == 1


def check(still: "cv2.typing.MatLike", box: list[float]) -> None:
    """The car's lower part, where its plate is, is a few averages; above it is as it was; the private corner is black."""
    height, width = still.shape[:2]
    left, right = floor(box[0] * width), ceil(box[2] * width)
    top, middle, bottom = (height * (box[1] + share * (box[3] - box[1])) for share in (0.0, 0.5, 1.05))
    hidden, shown = still[floor(middle) : ceil(bottom), left:right], still[floor(top) : floor(middle), left:right]
    assert roughness(hidden) < 8 < 10 < roughness(shown)
    assert hidden.min(axis=2).max() < 150, "the plate is white"
    assert still[4 : int(0.28 * height), 4 : int(0.18 * width)].max() < 16


def roughness(part: "cv2.typing.MatLike") -> float:
    """How far it is from 4 x 4 blocks, in grey levels on the mean."""
    height, width = part.shape[:2]
    averages = cv2.resize(part, (4, 4), interpolation=cv2.INTER_AREA)
    blocks = cv2.resize(averages, (width, height), interpolation=cv2.INTER_NEAREST)
    return float(np.abs(part.astype(float) - blocks).mean())
