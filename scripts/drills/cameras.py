"""Network cameras that look at a simulated road, on this machine: MJPEG by HTTP, with every trouble that cameras have."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import cv2
import numpy as np

from edge_agent.simulation.film import Film
from edge_agent.simulation.plan import Simulation
from scripts.camera_troubles import Disturb, Pixels
from scripts.drills.programs import free_port

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n"
PART = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
ASKED_BYTES = 4096
SIZE_PX, NOISE = (640, 360), 2.5


def film(plan: Simulation, seconds: float, fps: float) -> list[Pixels]:
    """So many pictures a second of a road, to be looped."""
    shown, skipped = Film(plan), round(plan.fps / fps) - 1
    pictures = []
    for _ in range(round(seconds * fps)):
        pictures.append(shown.picture())
        for _ in range(skipped):
            shown.skip()
    return pictures


def ground(count: int) -> list[Pixels]:
    """Pictures of one patchy ground, with the noise of a sensor."""
    chance, (width, height) = np.random.default_rng(1), SIZE_PX
    patches = cv2.resize(chance.integers(40, 220, (36, 64, 3)).astype(np.uint8), (width, height))
    return [np.clip(patches + chance.normal(0, NOISE, patches.shape), 0, 255).astype(np.uint8) for _ in range(count)]


class Camera:
    """Sends a loop of `pictures`. `show` what has become of them, `well` again; `switch_off` and `on`; `pull` its cable: its
    connections stand and carry nothing, until it is `plug`ged in."""

    def __init__(self, name: str, pictures: Sequence[Pixels], fps: float) -> None:
        self.name, self.port = name, free_port()
        self._pictures, self._fps = pictures, fps
        self._plugged = threading.Event()
        self._plugged.set()
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.well()

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def well(self) -> None:
        self.show(lambda pixels: pixels)

    def show(self, disturb: Disturb) -> None:
        self._sent = [np.asarray(cv2.imencode(".jpg", disturb(one))[1]).tobytes() for one in self._pictures]

    def pull(self) -> None:
        self._plugged.clear()

    def plug(self) -> None:
        self._plugged.set()

    def switch_on(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def switch_off(self) -> None:
        """Whoever asks now is refused."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        for one in tuple(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:  # switched off
                return
            threading.Thread(target=self._send, args=(connection,), daemon=True).start()

    def _send(self, to: socket.socket) -> None:
        """Each picture at its time; what was not sent in time is left out."""
        self._open.add(to)
        with to, suppress(OSError):
            to.recv(ASKED_BYTES)
            self._plugged.wait()
            to.sendall(HEAD)
            while True:
                number = int(time.monotonic() * self._fps) + 1
                time.sleep(max(0.0, number / self._fps - time.monotonic()))
                self._plugged.wait()
                sent = self._sent
                jpeg = sent[number % len(sent)]
                to.sendall(PART % (len(jpeg), jpeg))
        self._open.discard(to)


@contextmanager
def switched_on(cameras: Sequence[Camera]) -> Iterator[None]:
    with ExitStack() as stack:
        for camera in cameras:
            camera.switch_on()
            stack.callback(camera.switch_off)
        yield
