// The two lists of alerts, open and ended, or that there is none. Few are cards; many are lines, of which only those in sight exist.

import { fill, makeCard } from "./alert_card.js";
import { drawLine } from "./alert_line.js";
import { isFresh } from "./announcing.js";
import { stepWith } from "./deeds.js";
import { arrange, el, svg } from "./dom.js";
import { number } from "./format.js";
import { text } from "./language.js";
import { areOlder, loadOlder } from "./loading.js";
import { longList } from "./long_list.js";

const MANY = 6; // from here on cards are drawn smaller, so that a wall shows more of them
const MOST_CARDS = 60;

/** The lists inside `root`. Gives {show, close}. */
export function makeLists(root) {
  const cards = new Map(); // id -> {element, heading, more, facts, shown}
  const open = el("ul", { id: "open", class: "cards", tabindex: "-1" });
  const closed = el("ul", { id: "closed", class: "cards" });
  const total = el("span", { id: "open-total", class: "total" });
  const allClear = el("div", { id: "no-open", class: "empty all-clear", hidden: "" }, hook(), el("p", {}, said("strong", "no_open"), said("span", "no_open_more")));
  const noneClosed = said("p", "no_closed", { id: "no-closed", class: "note", hidden: "" });
  const older = said("button", "older_alerts", { type: "button", id: "older", hidden: "" });
  const lines = longList(open, drawLine);
  root.append(
    el("h2", { id: "alerts-heading" }, said("span", "open_alerts"), " ", total),
    allClear,
    open,
    said("h2", "closed_alerts", { class: "second" }),
    noneClosed,
    closed,
    older,
  );
  older.addEventListener("click", loadOlder);
  stepWith((chosen, by) => {
    const inLines = lines.isInUse() && (chosen === null || chosen.matches(".line"));
    const line = inLines ? lines.step(chosen?.dataset.id, by) : null;
    const cards = [...root.querySelectorAll(".cards:not(.lines) > .card")];
    return line ?? cards[inLines || chosen === null ? 0 : cards.indexOf(chosen) + by] ?? null;
  });

  function cardOf(alert, redraw) {
    const card = cards.get(alert.id) ?? makeCard();
    if (redraw || card.shown !== alert) fill(card, alert);
    card.element.classList.toggle("fresh", isFresh(alert));
    card.shown = alert;
    cards.set(alert.id, card);
    return card.element;
  }

  /** `known`: there are no others. Only cards whose alert changed are drawn again, unless `all` is asked for (another language). */
  function show(alerts, { known, all = false }) {
    const [isOpen, hasEnded] = [alerts.open(), alerts.closed()];
    const inLines = isOpen.length > MOST_CARDS;
    const shown = new Set([...(inLines ? [] : isOpen), ...hasEnded].map((alert) => alert.id));
    for (const id of cards.keys()) if (!shown.has(id)) cards.delete(id);
    open.classList.toggle("many", !inLines && isOpen.length > MANY);
    lines.show(inLines ? isOpen : [], all);
    if (!inLines) arrange(open, isOpen.map((alert) => cardOf(alert, all)));
    arrange(closed, hasEnded.map((alert) => cardOf(alert, all)));
    allClear.hidden = !known || isOpen.length > 0;
    noneClosed.hidden = !known || hasEnded.length > 0;
    older.hidden = !areOlder();
    total.textContent = number(isOpen.length);
  }

  function close() {
    lines.close();
    stepWith(() => null);
  }

  return { show, close };
}

const said = (tag, key, attributes = {}) => el(tag, { ...attributes, "data-text": key }, text(key));

function hook() {
  const ring = [svg("circle", { class: "ring", cx: 12, cy: 12, r: 10.5 }), svg("path", { class: "ring", d: "m7 12.5 3.5 3.5L17 9" })];
  return svg("svg", { class: "shape", viewBox: "0 0 24 24", "aria-hidden": "true" }, ring);
}
