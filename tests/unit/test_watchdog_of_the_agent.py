"""The agent under a service manager's watchdog: fed at work, starved when a thread hangs. The test plays systemd."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.unit.test_live import site_in

WATCHDOG_S = 2.0

# A graphics card that answers the trial at the start and three frames, then never again. The main loop gets 1 s, not 25.
RUNTIME_HANGS = """
import threading
import onnxruntime
from edge_agent.app import vitals
from edge_agent.cli import main
vitals.MAIN_WITHIN_S = 1.0
Session = onnxruntime.InferenceSession
class Hanging(Session):
    runs = 0
    def run(self, *given):
        Hanging.runs += 1
        if Hanging.runs > 4:
            threading.Event().wait()
        return super().run(*given)
onnxruntime.InferenceSession = Hanging
main()
"""


def test_a_stuck_thread_of_the_agent_starves_the_watchdog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": f"{WATCHDOG_S * 1e6:.0f}"}
        agent = subprocess.Popen(
            [sys.executable, "-c", RUNTIME_HANGS, "run", "--quiet", "--config", site_in(tmp_path)],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **told},
        )  # fmt: skip
        heard = {manager.recv(500).decode() for _ in range(2)}
        assert heard == {"READY=1", "WATCHDOG=1"}
        manager.settimeout(WATCHDOG_S)
        try:
            while True:
                heard.add(manager.recv(500).decode().partition(":")[0])
        except TimeoutError:  # it barks
            agent.send_signal(signal.SIGABRT)
    _, said = agent.communicate(timeout=30)
    assert agent.returncode == -signal.SIGABRT
    assert "STATUS=stuck" in heard and "edge-agent: stuck: main loop for " in said
    assert "in _look" in said  # where it hung
