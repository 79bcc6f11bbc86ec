// One alert of many, as a line: its severity, what, where, how it stands, since when. All of it is on its page.

import { addressOf, beganAt, isLoud, titleOf } from "./alerts.js";
import { badge, placeOf, remarks } from "./alert_card.js";
import { isFresh } from "./announcing.js";
import { el, renew } from "./dom.js";
import { ticking } from "./ticking.js";

const shown = new WeakMap(); // element -> alert

/** Draws the line of an alert, a new one or the given one where anything changed. */
export function drawLine(element, alert, anew) {
  const line = element ?? el("li", { tabindex: "-1" });
  if (shown.get(line) === alert && !anew) return line;
  shown.set(line, alert);
  line.className = `card line open severity-${alert.severity}${isLoud(alert) ? " loud" : ""}${isFresh(alert) ? " fresh" : ""}`;
  line.dataset.id = alert.id;
  renew(
    line,
    badge(alert),
    el("a", { class: "title", href: addressOf(alert) }, titleOf(alert)),
    el("span", { class: "where" }, placeOf(alert)),
    el("span", { class: "remarks" }, remarks(alert)),
    ticking(beganAt(alert), { class: "span" }),
  );
  return line;
}
