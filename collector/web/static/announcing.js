// What the operator is told of alerts on every page: the counts, the tab's title, the words for a screen reader, the sound.

import { isLoud, SEVERITIES, titleOf } from "./alerts.js";
import { placeOf } from "./alert_card.js";
import { byId, el, renew } from "./dom.js";
import { number } from "./format.js";
import { text } from "./language.js";
import { nameTitle } from "./router.js";
import { severityShape } from "./shapes.js";
import { ring } from "./sound.js";

const FRESH_MS = 6000;
const fresh = new Set(); // ids

/** Has it just come in? */
export const isFresh = (alert) => fresh.has(alert.id);

/** Says aloud what has just come in, and has it marked for a while. */
export function announce(news) {
  if (news.length === 0) return;
  for (const { id } of news) {
    fresh.add(id);
    setTimeout(() => fresh.delete(id), FRESH_MS);
  }
  const severity = (alert) => text(`severity.${alert.severity}`);
  const [worst] = [...news].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  byId("announcement").textContent =
    news.length === 1
      ? text("new_alert", { severity: severity(worst), title: titleOf(worst), where: placeOf(worst) })
      : text("new_alerts", { n: number(news.length), severity: severity(worst) });
  if (news.some(isLoud)) ring();
}

export function showCounts(alerts) {
  const counts = alerts.openBySeverity();
  renew(
    byId("counts"),
    SEVERITIES.map((severity) =>
      el(
        "li",
        { class: `severity-${severity}${counts[severity] ? "" : " none"}` },
        severityShape(severity),
        el("b", {}, number(counts[severity])),
        el("span", {}, text(`severity.${severity}`)),
      ),
    ),
  );
  nameTitle(alerts.open().length);
}
