"""What a chain costs beyond its inference. Imported on both sides of the comparison, so by nothing but the standard library.

Each inference of the chain is run a second time, on the same input, and only that second run is timed: bare inference sees the
same machine, the same session and the same options on both sides.
"""

import time
from collections.abc import Callable
from typing import Any

WARM_UP = 10  # frames, in which trackers fill and allocators settle


class Account:
    """`tick` after every frame; `twice` wraps what infers. Processor time is that of all threads of this process."""

    def __init__(self) -> None:
        self._frames = 0
        self._bare = self._bare_wall = self._began = self._began_wall = 0.0

    def twice(self, infer: Callable[..., Any]) -> Callable[..., Any]:
        def both(*arguments: Any, **named: Any) -> Any:
            outputs = infer(*arguments, **named)
            began, began_wall = time.process_time(), time.perf_counter()
            infer(*arguments, **named)
            self._bare += time.process_time() - began
            self._bare_wall += time.perf_counter() - began_wall
            return outputs

        return both

    def tick(self) -> bool:
        """True when the warm-up ends with this frame, and the clocks begin."""
        self._frames += 1
        if self._frames != WARM_UP:
            return False
        self._bare = self._bare_wall = 0.0
        self._began, self._began_wall = time.process_time(), time.perf_counter()
        return True

    def ms_per_frame(self) -> dict[str, float]:
        """Without the second runs: `whole` and `bare` in processor time, `whole_wall` and `bare_wall` by the clock."""
        whole = time.process_time() - self._began - self._bare
        wall = time.perf_counter() - self._began_wall - self._bare_wall
        spent = {"whole": whole, "bare": self._bare, "whole_wall": wall, "bare_wall": self._bare_wall}
        return {name: seconds * 1000 / (self._frames - WARM_UP) for name, seconds in spent.items()}
