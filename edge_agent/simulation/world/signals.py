"""What a traffic light shows at a time."""

from edge_agent.simulation.bodies import Shown
from edge_agent.simulation.plan import SignalPlan

AMBER_S = 3.0


def shown(signal: SignalPlan, t_s: float) -> Shown:
    since = (t_s - signal.green_s[0]) % signal.cycle_s
    green_s = signal.green_s[1] - signal.green_s[0]
    if since < green_s:
        return "green"
    return "amber" if since < green_s + AMBER_S else "red"
