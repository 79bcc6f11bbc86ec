// The last minute's traffic: one block per camera, one row per lane, and the count lines.

import { now } from "./api.js";
import { el, svg } from "./dom.js";
import { isNumber, minute, number, percent, speed, time } from "./format.js";
import { text } from "./language.js";

const ORDER = ["motorcycle", "bicycle", "car", "bus", "truck", "three_wheeler", "person", "unknown"]; // as they occur here
const BUSY = 0.3; // shares of the minute
const DENSE = 0.6;
const OLD_MS = 5 * 60_000;

/** Of at most so many cameras; the rest is on a page of its own. */
export function drawTraffic(minutes, most = Infinity) {
  const cameras = newest(minutes);
  if (cameras.length === 0) return [el("p", { class: "empty" }, text("no_traffic"))];
  const rest = cameras.length - most;
  return [...cameras.slice(0, most).map(camera), rest > 0 && el("p", { class: "note" }, el("a", { href: "#/traffic" }, text("more_cameras", { n: number(rest) })))];
}

/** One minute per camera, the latest, by device and camera. */
function newest(minutes) {
  const latest = new Map();
  for (const one of minutes) {
    const key = JSON.stringify([one.device, one.camera]);
    if (!(latest.get(key)?.from > one.from)) latest.set(key, one);
  }
  return [...latest.keys()].sort().map((key) => latest.get(key));
}

function camera(one) {
  return el(
    "section",
    { class: "camera" },
    el("h3", {}, `${one.device} · ${text("camera", { name: one.camera })}`, el("span", { class: "aside" }, minuteOf(Date.parse(one.from)))),
    one.lanes.length ? one.lanes.map(lane) : el("p", { class: "note" }, text("no_lanes")),
    one.lines.map(line),
  );
}

function minuteOf(from) {
  return now() - from < OLD_MS ? text("minute_of", { time: minute(from) }) : text("old_minute", { time: time(from, now()) });
}

function lane(one) {
  return el(
    "div",
    { class: "lane" },
    el("h4", {}, text("lane", { name: one.lane })),
    el("p", { class: "speeds" }, speeds(one)),
    counts(one.counts),
    isNumber(one.occupancy) && occupancy(one),
    one.queue_m > 0 && el("p", { class: "note" }, text("queue", { value: number(one.queue_m) })),
  );
}

function speeds(one) {
  const mean = speed(one.mean_kmh, one.speed_se_kmh);
  if (mean === null) return [el("span", { class: "none" }, text("no_speed"))];
  return [measure("mean", mean, "mean_why"), isNumber(one.p85_kmh) && measure("p85", speed(one.p85_kmh), "p85_why")];
}

const measure = (name, value, why) => el("span", { title: text(why) }, text(name), " ", el("b", {}, value));

function counts(byClass) {
  const present = inOrder(byClass);
  if (present.length === 0) return el("p", { class: "counts none" }, text("no_vehicles"));
  return el("ul", { class: "counts" }, present.map(([name, n]) => el("li", {}, el("b", {}, number(n)), ` ${text(`class.${name}`)}`)));
}

function occupancy(one) {
  const share = Math.min(1, Math.max(0, one.occupancy));
  const label = text("occupancy_of", { lane: one.lane, value: percent(share) });
  const level = share >= DENSE ? "dense" : share >= BUSY ? "busy" : "free";
  return el(
    "div",
    { class: "occupancy" },
    el("span", {}, text("occupancy")),
    svg("svg", { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", role: "img", "aria-label": label }, svg("rect", { class: level, width: share * 100, height: 1 })),
    el("b", {}, percent(share)),
  );
}

function line(one) {
  const sum = (byClass) => number(Object.values(byClass).reduce((total, n) => total + n, 0));
  const directions = [text("forward", { n: sum(one.forward) }), text("backward", { n: sum(one.backward) })];
  return el("p", { class: "line" }, `${text("line", { name: one.line })}: ${directions.join(" · ")}`);
}

function inOrder(byClass) {
  const place = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return Object.entries(byClass)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => place(a) - place(b));
}
