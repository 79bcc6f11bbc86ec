"""Between a thread that brings messages one by one and one that takes all there are: neither wakes the other for each."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

FULL_TURN_S = 0.005
T = TypeVar("T")


class Inbox(Generic[T]):
    """One thread puts, one takes. A full inbox makes the first wait, and with it the broker."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._news = threading.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        while len(self._items) >= self._size:
            time.sleep(FULL_TURN_S)
        self._items.append(item)
        if not self._news.is_set():
            self._news.set()

    def wait(self, timeout_s: float) -> bool:
        """Until there is something; False when nothing came in time."""
        if not self._items:
            self._news.clear()
            if not self._items:  # what was put between the two has set it again
                self._news.wait(timeout_s)
        return bool(self._items)

    def wake(self) -> None:
        """End a wait that goes on, from any thread: there is something else to do."""
        self._news.set()

    def take(self, most: int) -> list[T]:
        """What there is, in order."""
        return [self._items.popleft() for _ in range(min(most, len(self._items)))]
