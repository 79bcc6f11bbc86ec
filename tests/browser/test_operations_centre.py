"""`./scripts/demo --ioc`: a crash on a simulated avenue, painted and looked at, until everybody in the centre has heard of it.

One run for all tests of the file. A person at the console confirms by key; the demo's own operator says that it is dealt with.
"""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from event_contract.kinds import INCIDENT_KINDS
from scripts.operations_centre.reading import PHASES
from scripts.operations_centre.receivers import RECEIVERS
from tests.browser.conftest import PATIENCE_MS, log_in
from tests.e2e.test_demo import ROOT, of_folder

pytestmark = pytest.mark.alone  # a road painted and looked at as it happens takes both cores
ALERT_WITHIN_S = 60.0


@dataclass
class Run:
    """How the demo ended, its last line, what it said to people, and the alert after the person's key."""

    status: int
    document: dict[str, Any]
    words: str
    judged: dict[str, Any]
    viewer_may_act: int


@pytest.fixture(scope="module")
def run(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("demo")
    said = folder / "said"
    with said.open("w") as words, subprocess.Popen(
        [sys.executable, "-m", "scripts.demonstration", "--ioc", "--headless", "--json", "--seconds", "30"],
        cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            found = re.fullmatch(r"url=(http://\S+) token=(\S+)\n", process.stdout.readline())
            assert found, said.read_text()
            viewer = Viewer(*found.groups())
            password = re.search(r"user operator +password (\S+)", said.read_text())
            assert password
            judged = confirm_by_key(chromium, viewer, password[1])
            may_act = viewer.status(f"/api/v1/alerts/{judged['id']}/reject", b"{}")
            last = process.stdout.read()
        finally:
            process.terminate()
            status = process.wait(60)
            print(said.read_text())
    yield Run(status, json.loads(last), said.read_text(), judged, may_act)


class Viewer:
    """Whoever was given the demo's address and token."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url, token

    def ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=10) as answer:
            return json.load(answer)

    def status(self, path: str, body: bytes) -> int:
        try:
            self.ask(path, body)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def crash(self, **wanted: str) -> dict[str, Any]:
        """The crash's alert, once it is as wanted."""
        deadline = time.monotonic() + ALERT_WITHIN_S
        with suppress(urllib.error.URLError):  # the demo has ended, and says below what it saw
            while time.monotonic() < deadline:
                for one in self.ask("/api/v1/alerts?kind=suspected_accident")["alerts"]:
                    if all(one[name] == value for name, value in wanted.items()):
                        return dict(one)
                time.sleep(0.2)
        raise AssertionError(f"no crash with {wanted}")


def confirm_by_key(chromium: Browser, viewer: Viewer, password: str) -> dict[str, Any]:
    """The alert as it stands when an operator at the console has chosen and confirmed it."""
    context = chromium.new_context(base_url=viewer.url)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/login")
    log_in(page, password)
    page.locator("#connection.live").wait_for()
    viewer.crash(state="open")
    page.get_by_text(INCIDENT_KINDS["suspected_accident"].vi).first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("c")
    judged = viewer.crash(state="confirmed")
    context.close()
    return judged


def test_everybody_sees_the_crash_raised_confirmed_and_over(run: Run) -> None:
    assert (run.status, run.document["missing"], run.document["missed"]) == (0, [], []), run.words
    for receiver in RECEIVERS:
        times = run.document["receivers"][receiver]
        assert list(times) == list(PHASES) and 0 < times["raised"] <= times["confirmed"] < times["over"]
    assert run.words.count("✓") == len(RECEIVERS) + 3 and "✗" not in run.words
    assert run.document["lost"] == 0 and "Traceback" not in run.words


def test_the_queue_behind_it_is_part_of_one_alert(run: Run) -> None:
    first, *others = run.document["group"]
    assert (first["id"], first["kind"], first["heard"]) == (run.document["alert"], "suspected_accident", True)
    assert [(one["kind"], one["heard"]) for one in others] == [("congestion", False)]


def test_a_person_confirmed_it_and_the_scorecard_counts_it(run: Run) -> None:
    assert run.judged["id"] == run.document["alert"]
    assert (run.judged["said"]["deed"], run.judged["said"]["by"]) == ("confirm", "operator")
    assert run.document["confirmed"] == 1 and run.document["state"] == "resolved"


def test_posts_were_signed_and_the_viewer_could_only_look(run: Run) -> None:
    assert run.document["signed"] >= len(PHASES) and run.document["refused"] == 0
    assert run.viewer_may_act == 403


def test_nothing_is_left_behind(run: Run) -> None:
    (folder,) = re.findall(r"^files +(\S+)$", run.words, re.MULTILINE)
    assert not of_folder(folder) and not Path(folder).exists()
