// The alerts known to the page: merging what arrives, and the order in which they are shown. No DOM here.

export const SEVERITIES = ["critical", "high", "medium", "low"]; // most severe first
const CLOSED_KEPT = 30;

export class Alerts {
  #byId = new Map();

  /** Takes in an alert; a state older than the one known is ignored. True when it calls for the operator's attention. */
  merge(alert) {
    const before = this.#byId.get(alert.id);
    if (before !== undefined && before.seq > alert.seq) return false;
    this.#byId.set(alert.id, alert);
    return isNews(before, alert);
  }

  /** Forgets all that a fresh list of open and closed alerts does not name. */
  keepOnly(alerts) {
    const named = new Set(alerts.map((alert) => alert.id));
    for (const id of this.#byId.keys()) if (!named.has(id)) this.#byId.delete(id);
  }

  /** Most severe first, the newest first among equals. */
  open() {
    const rank = (alert) => SEVERITIES.indexOf(alert.severity);
    return this.#inState("open").sort((a, b) => rank(a) - rank(b) || byTime(b.started_at, a.started_at));
  }

  /** The last ones to end, newest first; older ones are forgotten. */
  closed() {
    const closed = this.#inState("closed").sort((a, b) => byTime(b.ended_at ?? b.updated_at, a.ended_at ?? a.updated_at));
    for (const alert of closed.splice(CLOSED_KEPT)) this.#byId.delete(alert.id);
    return closed;
  }

  openBySeverity() {
    const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0]));
    for (const alert of this.#inState("open")) counts[alert.severity] += 1;
    return counts;
  }

  #inState(state) {
    return [...this.#byId.values()].filter((alert) => alert.state === state);
  }
}

export const isLoud = (alert) => alert.severity === "critical" || alert.severity === "high";

/** Newly open, grown to critical or high, or told in time at last; what is late is never news. */
function isNews(before, alert) {
  if (alert.state !== "open" || alert.late) return false;
  return before?.state !== "open" || before.late || (isLoud(alert) && !isLoud(before));
}

const byTime = (a, b) => Date.parse(a) - Date.parse(b);
