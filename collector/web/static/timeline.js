// What became of an alert: each change with its time, who made it and why, the newest first.

import { now } from "./api.js";
import { el } from "./dom.js";
import { number, time } from "./format.js";
import { text } from "./language.js";
import { severityShape } from "./shapes.js";

const PEOPLE = ["confirm", "reject", "acknowledge", "resolve", "reopen", "undo"];

/** `changes` are oldest first, as the collector tells them. */
export function drawTimeline(changes) {
  return el("ol", { class: "timeline" }, grouped(changes).reverse().map(entry));
}

/** What the device told again and again stands as one entry, with how often and when last. */
function grouped(changes) {
  const entries = [];
  for (const change of changes) {
    const last = entries.at(-1);
    const again = last?.action === "update" && change.action === "update" && last.severity === change.severity && last.state === change.state;
    if (again) entries[entries.length - 1] = { ...change, times: last.times + 1 };
    else entries.push({ ...change, times: 1 });
  }
  return entries;
}

function entry(change) {
  const isPerson = PEOPLE.includes(change.action);
  const who = isPerson ? change.by : text(`alert.by.${change.by}`);
  const words = change.times > 1 ? text("alert.updated_times", { n: number(change.times) }) : text(`alert.action.${change.action}`);
  return el(
    "li",
    { class: `severity-${change.severity}${isPerson ? " person" : ""}` },
    severityShape(change.severity),
    el("time", { datetime: change.at }, time(Date.parse(change.at), now())),
    el("span", {}, el("b", {}, words), " · ", who, change.quiet && el("span", { class: "aside" }, ` · ${text(`quiet.${change.quiet}`)}`)),
    change.reason && el("q", {}, change.reason),
  );
}
