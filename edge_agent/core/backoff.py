"""How long to wait before the next attempt."""


def reconnect_wait_s(failures: int, first_wait_s: float, max_wait_s: float, fraction: float) -> float:
    """Full jitter: uniform in 0..first_wait_s, the upper end doubling with each failure after the first to max_wait_s.

    `failures` counts from 1; `fraction` is uniform in 0..1. A fleet that lost its broker in one moment returns spread out.
    """
    return float(fraction * min(max_wait_s, first_wait_s * 2 ** min(failures - 1, 32)))
