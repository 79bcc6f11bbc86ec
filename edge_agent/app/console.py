"""What whoever watches the agent by eye is told."""

from edge_agent.core.outgoing import Outgoing
from event_contract.kinds import CAMERA_FAULTS, DEVICE_FAULTS


def console_line(event: Outgoing) -> str | None:
    """One line for the terminal; None for what is of no interest there."""
    body = event.body
    if body.kind in ("traffic_minute", "health", "model_trial", "device_state", "maintenance", "device_test"):
        return None
    reason = (CAMERA_FAULTS | DEVICE_FAULTS).get(getattr(body, "detail", {}).get("reason", ""))
    shadow = "shadow" if getattr(body, "shadow", False) else ""
    phase, why = getattr(body, "phase", ""), reason.en if reason else ""
    return " ".join(filter(None, [event.time, event.event_class, shadow, body.kind, phase, event.subject, why]))
