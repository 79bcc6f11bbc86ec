// The two lists of alerts, open and closed, the counts in the header, and the words for a screen reader.

import { SEVERITIES, titleOf } from "./alerts.js";
import { fill, makeCard, placeOf } from "./alert_card.js";
import { arrange, byId, el, renew } from "./dom.js";
import { number } from "./format.js";
import { text } from "./language.js";
import { severityShape } from "./shapes.js";

const MANY = 6; // from here on cards are drawn smaller, so that a wall shows more of them
const FRESH_MS = 6000;

const cards = new Map(); // id -> {element, heading, more, facts, shown}

/** Shows the alerts; only cards whose alert changed are drawn again, unless `all` is asked for (another language). */
export function showAlerts(alerts, { all = false } = {}) {
  const open = alerts.open();
  const closed = alerts.closed();
  const shown = new Set([...open, ...closed].map((alert) => alert.id));
  for (const id of cards.keys()) if (!shown.has(id)) cards.delete(id);
  arrange(byId("open"), open.map((alert) => cardOf(alert, all)));
  arrange(byId("closed"), closed.map((alert) => cardOf(alert, all)));
  byId("open").classList.toggle("many", open.length > MANY);
  byId("no-open").hidden = open.length > 0;
  byId("no-closed").hidden = closed.length > 0;
  showCounts(alerts.openBySeverity(), open.length);
}

/** Marks what has just come in, and says it aloud. */
export function announce(news) {
  for (const alert of news) {
    const { element } = cards.get(alert.id);
    element.classList.add("fresh");
    setTimeout(() => element.classList.remove("fresh"), FRESH_MS);
  }
  const severity = (alert) => text(`severity.${alert.severity}`);
  const [worst] = [...news].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  byId("announcement").textContent =
    news.length === 1
      ? text("new_alert", { severity: severity(worst), title: titleOf(worst), where: placeOf(worst) })
      : text("new_alerts", { n: number(news.length), severity: severity(worst) });
}

function cardOf(alert, redraw) {
  const card = cards.get(alert.id) ?? makeCard();
  if (redraw || card.shown !== alert) fill(card, alert);
  card.shown = alert;
  cards.set(alert.id, card);
  return card.element;
}

function showCounts(counts, total) {
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
  byId("open-total").textContent = number(total);
  document.title = `${total ? `(${total}) ` : ""}Kerbwatch`;
}
