"""Newest frame of each camera, for one thread that looks at all of them in turn."""

from collections import deque
from collections.abc import Iterable
from threading import Condition

from edge_agent.core.types import Frame


class Mailbox:
    """One place per camera. A newer frame replaces an older one that nobody took, and the loss is counted.

    Whose last turn is longest ago comes first: under load all are served alike, and what a slow one leaves is the others'.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._turns = deque(cameras)
        self._places: dict[str, Frame] = {}
        self._dropped = dict.fromkeys(self._turns, 0)
        self._changed = Condition()
        self._closed = False

    def put(self, frame: Frame) -> None:
        """KeyError for a camera that the box was not made for."""
        with self._changed:
            self._dropped[frame.camera] += frame.camera in self._places
            self._places[frame.camera] = frame
            self._changed.notify()

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame of the camera whose turn it is; None after `timeout_s`, or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._places or self._closed, timeout_s)
            for camera in tuple(self._turns):
                if camera in self._places and not self._closed:
                    self._turns.remove(camera)
                    self._turns.append(camera)
                    return self._places.pop(camera)
        return None

    def dropped(self, camera: str) -> int:
        """Frames of `camera` that were replaced before anyone took them."""
        with self._changed:
            return self._dropped[camera]

    def close(self) -> None:
        """Wakes whoever waits; from now on `take` gives None at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
