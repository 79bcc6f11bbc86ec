// The alerts known to the page: merging what arrives, and the order in which they are shown. No DOM here.

import { language } from "./language.js";

export const SEVERITIES = ["critical", "high", "medium", "low"]; // most severe first
const LIVE = ["open", "acknowledged", "confirmed"];
const CLOSED_KEPT = 30;

export class Alerts {
  #byId = new Map(); // id -> {alert, rank, beganAt, endedAt}: what the order is made of is worked out once
  #open = null; // in their order, as long as nothing changes
  #closedKept = CLOSED_KEPT;

  /** Takes in an alert; a state older than the one known is ignored. True when it calls for the operator's attention. */
  merge(alert) {
    const before = this.#byId.get(alert.id)?.alert;
    if (before !== undefined && before.seq > alert.seq) return false;
    this.#byId.set(alert.id, { alert, rank: SEVERITIES.indexOf(alert.severity), beganAt: beganAt(alert), endedAt: endedAt(alert) });
    this.#open = null;
    return isNews(before, alert);
  }

  of(id) {
    return this.#byId.get(id)?.alert;
  }

  /** Forgets all that a fresh list of open and closed alerts does not name. */
  keepOnly(alerts) {
    const named = new Set(alerts.map((alert) => alert.id));
    for (const id of this.#byId.keys()) if (!named.has(id)) this.#byId.delete(id);
    this.#open = null;
  }

  /** Most severe first, the newest first among equals. */
  open() {
    this.#open ??= this.#live(true)
      .sort((a, b) => a.rank - b.rank || b.beganAt - a.beganAt)
      .map(({ alert }) => alert);
    return this.#open;
  }

  /** The last ones to end, newest first; older ones are forgotten. */
  closed() {
    const closed = this.#live(false).sort((a, b) => b.endedAt - a.endedAt);
    for (const { alert } of closed.splice(this.#closedKept)) this.#byId.delete(alert.id);
    return closed.map(({ alert }) => alert);
  }

  /** From now on so many more that have ended are kept. */
  keepMoreClosed(more) {
    this.#closedKept += more;
  }

  openBySeverity() {
    const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0]));
    for (const { severity } of this.open()) counts[severity] += 1;
    return counts;
  }

  #live(live) {
    return [...this.#byId.values()].filter(({ alert }) => isLive(alert) === live);
  }
}

/** Where the alert has a page of its own. */
export const addressOf = ({ id }) => `#/alerts/${encodedId(id)}`;

/** An id as a part of a path: its slashes stay. */
export const encodedId = (id) => id.split("/").map(encodeURIComponent).join("/");

export const titleOf = (alert) => alert.title?.[language()] ?? alert.kind;

/** Does it still call for people? What they rejected or resolved, and what is over, does not. */
export const isLive = ({ state }) => LIVE.includes(state);

/** Was the device's clock set when it told its times? "set", "corrected" since, or "unset": they mean nothing. */
export function clockOf({ clock }) {
  return clock?.synced === false ? (clock.corrected ? "corrected" : "unset") : "set";
}

/** Milliseconds since 1970; of a device whose clock is not set the collector's own times count. */
export const beganAt = (alert) => Date.parse(clockOf(alert) === "unset" ? alert.opened_at : alert.started_at);

/** When it ended by its device; of one that people ended, when they did. */
export function endedAt(alert) {
  if (alert.state !== "closed" && alert.said?.at) return Date.parse(alert.said.at);
  const told = clockOf(alert) === "unset" && !alert.ended_by ? alert.received_at : alert.ended_at;
  return Date.parse(told ?? alert.updated_at);
}

export const isLoud = (alert) => alert.severity === "critical" || alert.severity === "high";

/** Newly open, grown to critical or high, told in time at last, or left by whoever worked there; what is late or quiet is never news, nor what people do. */
function isNews(before, alert) {
  if (!isLive(alert) || alert.late || alert.quiet || (alert.said?.seq === alert.seq && before)) return false;
  return !before || !isLive(before) || before.late || before.quiet === "maintenance" || (isLoud(alert) && !isLoud(before));
}
