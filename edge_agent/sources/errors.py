"""What goes wrong with a source, in one line that names the next step."""

from edge_agent.config import ClipSource, RtspSource, SimulationSource, SourceConfig, UsbSource
from edge_agent.core.failure import Failure
from edge_agent.sources.pipe import Fault
from edge_agent.sources.redact import shown


class SourceError(Failure):
    """A source that cannot be used. The message names it and the next step."""


def in_words(source: SourceConfig, fault: Fault) -> str:
    """`fault` for the person who can do something about it."""
    match source, fault.code:
        case ClipSource(path=path), "no_frames":
            return f"clip {path}: no frame of it can be decoded; it is damaged, or in a format that FFmpeg does not know"
        case ClipSource(path=path), _:
            return f"clip {path}: cannot be decoded; check that it is a video, or convert it to MP4 (H.264)"
        case SimulationSource(path=path), _:
            return f"simulation {path}: gives no picture; check it with edge-agent simulate"
        case UsbSource(device=device), "not_opened":
            return f"{device} cannot be opened; check that it is plugged in and that this user is in the group `video`"
        case UsbSource(device=device), _:
            return f"{device} gives no more frames; check the cable"
        case RtspSource(url=url), "not_opened":
            return f"{shown(url)} cannot be opened; check address, path, user and password"
        case RtspSource(url=url), "no_frames":
            return f"{shown(url)} answers but sends no picture; check the path and the stream's codec"
        case _:
            return "the stream ended; check the camera"


def no_frame_for(source: SourceConfig, stall_s: float) -> str:
    checks = {
        RtspSource: "the cable or the URL", UsbSource: "the cable", ClipSource: "the file",
        SimulationSource: "how busy this machine is",
    }  # fmt: skip
    check = checks[type(source)]
    return f"no frame for {stall_s:g} s; check {check}"
