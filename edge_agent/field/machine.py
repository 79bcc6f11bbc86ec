"""Whether the agent's folder can be written, and has room for all that it may come to hold."""

import os
import shutil
from pathlib import Path

from edge_agent.core.finding import Finding

ROOM_BYTES, LITTLE_BYTES = 1_000_000_000, 200_000_000


def look_at_folder(data_dir: Path, needs_bytes: int) -> Finding:
    """`needs_bytes`: what the outbox may grow to."""
    there = data_dir if data_dir.exists() else next(parent for parent in data_dir.parents if parent.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("data_dir", "fail", f"{there} cannot be written", "give it to this user, or set another data_dir")
    free = shutil.disk_usage(there).free
    said = f"{data_dir}{'' if data_dir.exists() else ' (made at the first start)'}: {free / 1e9:.1f} GB free"
    if free < LITTLE_BYTES:
        return Finding("data_dir", "fail", said, "free some room: a full disk loses events")
    if free < ROOM_BYTES or free < needs_bytes:
        return Finding("data_dir", "warn", said, f"the outbox may grow to {needs_bytes / 1e9:.2f} GB: free some room")
    return Finding("data_dir", "ok", said)
