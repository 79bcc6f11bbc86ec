// What the operator does with alerts: one key each, or a button in the alert's details; and taking it back for a while.

import { addressOf, encodedId, titleOf } from "./alerts.js";
import { AnswerError, postJson } from "./api.js";
import { byId, el, renew } from "./dom.js";
import { alerts } from "./known.js";
import { text } from "./language.js";

const DEEDS = { c: "confirm", x: "reject", a: "acknowledge", r: "resolve", o: "reopen" };
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const UNDO_MS = 10_000;

let undoable = null; // {alert, timer}
let takeIn;
let neighbourOf = () => null; // (card or null, by) -> the card so many steps further, or the first one

/** `merge(alert)` takes in what the collector answers, and draws it. */
export function connectDeeds(merge) {
  takeIn = merge;
  document.addEventListener("keydown", onKey);
  byId("undo").addEventListener("click", undo);
  byId("keys-button").addEventListener("click", toggleHelp);
  byId("keys").addEventListener("close", () => byId("keys-button").focus());
}

/** A page with a list of cards says how one steps through it. */
export function stepWith(neighbour) {
  neighbourOf = neighbour;
}

/** The buttons and the reason of one alert. */
export function deedsOf(id) {
  const reason = el("input", { type: "text", maxlength: 500, "aria-label": text("reason_label"), placeholder: text("reason_label") });
  const buttons = Object.entries(DEEDS).map(([key, deed]) => {
    const button = el("button", { type: "button" }, text(`deed.${deed}`), " ", el("kbd", {}, key.toUpperCase()));
    button.addEventListener("click", () => act(id, deed));
    return button;
  });
  return el("div", { class: "deeds" }, reason, buttons);
}

export function drawHelp() {
  const rows = [...Object.entries(DEEDS).map(([key, deed]) => [key.toUpperCase(), `deed.${deed}`]), ["J ↓", "next_alert"], ["K ↑", "previous_alert"], ["U", "undo"], ["?", "keys_heading"]];
  renew(byId("keys-list"), rows.flatMap(([key, name]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text(name))]));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chosen = document.activeElement?.closest(".card") ?? document.querySelector(".page-alerts-one [data-id]");
  if (key === "?") toggleHelp();
  else if (byId("keys").open) return;
  else if (key === "u" && undoable) undo();
  else if (Object.hasOwn(STEPS, key)) step(chosen, STEPS[key]);
  else if (key === "Enter" && event.target.matches(".card")) location.hash = addressOf({ id: chosen.dataset.id });
  else if (Object.hasOwn(DEEDS, key) && chosen && !event.repeat) act(chosen.dataset.id, DEEDS[key]);
  else return;
  event.preventDefault();
}

function step(chosen, by) {
  const next = neighbourOf(chosen, by);
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

async function act(id, deed) {
  const card = cardOf(id);
  const neighbour = card && [1, -1].map((by) => neighbourOf(card, by)).find((one) => one?.parentElement === card.parentElement);
  const reason = (card ?? byId("page")).querySelector(".deeds input");
  const before = alerts.of(id);
  const done = await ask(`${pathOf(id)}/${deed}`, { reason: reason?.value ?? "", seq: before?.seq });
  if (!done) return;
  if (reason) reason.value = "";
  takeIn(done.alert);
  if (document.activeElement === document.body) stay(id, card, neighbour)?.focus();
  if (done.outcome === "changed") offerUndo(done.alert);
}

/** Where the choice stays after a deed: on the card; but a line that has left its list gives it to its neighbour. */
function stay(id, card, neighbour) {
  const now = cardOf(id);
  return card?.matches(".line") && !now?.matches(".line") ? neighbour : (now ?? neighbour);
}

async function undo() {
  const { alert } = undoable;
  withdrawUndo();
  const done = await ask(`${pathOf(alert.id)}/undo`, {});
  if (done) takeIn(done.alert);
  cardOf(alert.id)?.focus();
}

/** The answer, or null; what was refused is told, and how the alert stands is taken in. */
async function ask(path, content) {
  try {
    return await postJson(path, content);
  } catch (error) {
    if (error instanceof AnswerError && error.content?.alert) takeIn(error.content.alert);
    tell(text("deed_failed", { why: error.content?.why ?? error.message }), false);
    return null;
  }
}

function offerUndo(alert) {
  tell(text("deed_done", { state: text(`state.${alert.state}`), title: titleOf(alert) }), true);
  undoable = { alert, timer: setTimeout(withdrawUndo, UNDO_MS) };
}

function tell(words, canUndo) {
  withdrawUndo();
  byId("deed-words").textContent = words;
  byId("undo").hidden = !canUndo;
  byId("deed").hidden = false;
}

function withdrawUndo() {
  clearTimeout(undoable?.timer);
  undoable = null;
  byId("deed").hidden = true;
}

function toggleHelp() {
  const keys = byId("keys");
  if (keys.open) return keys.close();
  drawHelp();
  keys.showModal();
}

const pathOf = (id) => `/api/v1/alerts/${encodedId(id)}`;
const cardOf = (id) => document.querySelector(`.card[data-id="${CSS.escape(id)}"]`);
