"""How the machine itself is, as far as Linux tells: room on the disk, heat, and a Raspberry Pi's own complaints."""

import os
import shutil
from pathlib import Path

from edge_agent.core.finding import Finding

ROOM_BYTES, LITTLE_BYTES = 1_000_000_000, 200_000_000
WARM_C, HOT_C = 75.0, 85.0
ZONES = "class/thermal/thermal_zone*/temp"
THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"  # hexadecimal, as vcgencmd get_throttled
COMPLAINTS = {0: "too low a voltage", 1: "its frequency capped", 2: "throttled", 3: "at its soft temperature limit"}
EVER = 16  # the same bits from here on: since boot


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


def look_at_heat(sys_dir: Path = Path("/sys")) -> list[Finding]:
    """Nothing where the machine tells nothing."""
    found = []
    degrees = [int(text) / 1000 for text in map(_read, sorted(sys_dir.glob(ZONES))) if text.lstrip("-").isdigit()]
    if degrees:
        hottest = max(degrees)
        verdict, step = ("ok", "") if hottest < WARM_C else ("warn", "see to shade and air")
        if hottest >= HOT_C:
            verdict, step = "fail", "it is being throttled or soon will: see to shade and air"
        found.append(Finding("temperature", verdict, f"{hottest:.0f} degrees C", step))  # type: ignore[arg-type]
    throttled = _read(sys_dir / THROTTLED)
    if throttled:
        found.append(_power(int(throttled, 16)))
    return found


def _power(bits: int) -> Finding:
    now = [text for bit, text in COMPLAINTS.items() if bits >> bit & 1]
    ever = [text for bit, text in COMPLAINTS.items() if bits >> (bit + EVER) & 1]
    if now:
        return Finding("power", "fail", f"now {', '.join(now)}", "use the board's own power supply; see to air")
    if ever:
        return Finding("power", "warn", f"since boot {', '.join(ever)}", "look at the power supply and the air around it")
    return Finding("power", "ok", "never throttled since boot")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):  # a sensor that is asleep
        return ""
