"""A real `edge-agent run` on a simulated road, with its own page, for the browser tests. There is no broker."""

import subprocess
import sys
import time
from pathlib import Path

from tests.brokers import free_port

USER, PASSWORD = "technician", "a long enough password"
STARTS_WITHIN_S = 60.0
RUN = [sys.executable, "-c", "from edge_agent.cli import main; main()"]


class RunningAgent:
    """One camera, `junction`; `url` is its page's."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        self._site = folder / "site.toml"
        self._log = folder / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._command("simulate", "quy_nhon", "--seconds", "1", "--quiet", "--out", str(folder / "junction"))
        self._site.write_text(
            f'device = "qn-ntt-01"\nsite = "Ngã tư Nguyễn Tất Thành"\ndata_dir = "data"\n[web]\nport = {port}\n'
            f'[broker]\nport = {free_port()}\n[[cameras]]\nname = "junction"\nscene = "junction/scene.json"\nfps = 5\n'
            'source = { kind = "simulation", path = "junction/simulation.toml" }\n'
        )
        self._command("web", "password", "--config", str(self._site), "--password", PASSWORD)

    def start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*RUN, "run", "--config", str(self._site)], stdout=log, stderr=log)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while "camera junction: live" not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the agent did not start: {self._log.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def _command(self, *arguments: str) -> None:
        subprocess.run([*RUN, *arguments], check=True, capture_output=True, timeout=60)
