// A road's answer as figures and plots: what passed, how fast, of which classes, motorbikes first.

import { el, svg } from "./dom.js";
import { date, isNumber, minute, number, percent, speed } from "./format.js";
import { text } from "./language.js";
import { bars, figure, line, roundUp } from "./plot.js";
import { empty } from "./telling.js";

const CLASSES = ["motorcycle", "bicycle", "car", "bus", "truck", "three_wheeler", "unknown"]; // as they occur here
const LENGTH_S = { minute: 60, hour: 3600, day: 86400 };
const WHOLE = 0.9; // of a span; what was seen for less is drawn faint

/** `width` is that of one plot, in pixels. */
export function drawRoad({ spans, by, pcu }, width) {
  if (spans.length === 0) return [empty(text("traffic.nothing"), text("traffic.nothing_next"))];
  const all = everySpan(spans, by);
  const labels = all.map(({ from }) => ({ whole: whenOf(Date.parse(from), by), short: tickOf(Date.parse(from), by) }));
  const layers = CLASSES.filter((cls) => all.some((one) => one.counts[cls] > 0));
  return [
    figures(spans, by),
    flow(all, labels, layers, by, width),
    speeds(all, labels, width),
    carUnits(all, labels, by, width),
    mix(spans, layers),
    el("p", { class: "note" }, text("traffic.pcu_note", { table: pcu.table, factors: factorsOf(pcu) })),
  ];
}

/** Spans of which nothing is known stand there as well: a hole in the record is seen as one. */
function everySpan(spans, by) {
  const known = new Map(spans.map((one) => [Date.parse(one.from), one]));
  const [first, last] = [Math.min(...known.keys()), Math.max(...known.keys())];
  const count = Math.round((last - first) / (1000 * LENGTH_S[by])) + 1;
  return Array.from({ length: count }, (_, i) => {
    const at = first + i * 1000 * LENGTH_S[by];
    return known.get(at) ?? { from: new Date(at).toISOString(), counts: {}, observed_s: 0, mean_kmh: null, speed_se_kmh: null };
  });
}

function figures(spans, by) {
  const vehicles = sum(spans, "vehicles");
  const observed_s = sum(spans, "observed_s");
  const busiest = [...spans].sort((a, b) => b.vehicles_per_h - a.vehicles_per_h)[0];
  const motorbikes = spans.reduce((total, { counts }) => total + (counts.motorcycle ?? 0), 0);
  const facts = [
    ["vehicles", number(vehicles), text("traffic.in_cars", { n: number(sum(spans, "pcu")) })],
    ["motorbikes", vehicles ? percent(motorbikes / vehicles) : "–", text("traffic.of_vehicles")],
    ["mean", speed(...meanOf(spans)) ?? "–", isNumber(meanOf(spans)[1]) ? text("speed_error_why") : text("traffic.no_error")],
    ["busiest", `${number(busiest.vehicles_per_h)}`, `${text("traffic.per_h")} · ${whenOf(Date.parse(busiest.from), by)}`],
    ["seen", percent(Math.min(1, observed_s / (LENGTH_S[by] * everySpan(spans, by).length))), text("traffic.seen_why")],
  ];
  return el("dl", { class: "figures" }, facts.map(([name, value, more]) => el("div", {}, el("dt", {}, text(`traffic.${name}`)), el("dd", {}, el("b", {}, value), el("span", { class: "note" }, more)))));
}

function flow(all, labels, classes, by, width) {
  const flowOf = (one, cls) => (one.vehicles ? ((one.counts[cls] ?? 0) / one.vehicles) * one.vehicles_per_h : 0);
  const layers = classes.map((cls) => ({ key: cls, name: text(`class.${cls}`), values: all.map((one) => flowOf(one, cls)) }));
  const top = roundUp(Math.max(...all.map((one) => one.vehicles_per_h ?? 0)));
  return figure({
    title: text("traffic.flow"),
    unit: text("traffic.per_h"),
    labels,
    columns: [{ name: text("traffic.vehicles"), values: all.map((one) => one.vehicles_per_h) }, ...layers],
    top,
    width,
    legend: el("ul", { class: "legend" }, layers.map(({ key, name }) => el("li", {}, swatch(key), name))),
    draw: (frame) => bars(frame, layers, labels, (i) => all[i].observed_s < WHOLE * LENGTH_S[by]),
  });
}

function speeds(all, labels, width) {
  const [values, errors] = [all.map((one) => one.mean_kmh), all.map((one) => one.speed_se_kmh)];
  const top = roundUp(Math.max(...all.map((one) => (one.mean_kmh ?? 0) + (one.speed_se_kmh ?? 0))));
  if (!values.some(isNumber)) return el("section", { class: "figure" }, el("h3", {}, text("traffic.speed")), el("p", { class: "note" }, text("traffic.no_speed")));
  const columns = [{ name: "km/h", values, digits: 1 }, errors.some(isNumber) && { name: "±", values: errors, digits: 1 }].filter(Boolean);
  return figure({ title: text("traffic.speed"), unit: "km/h", labels, columns, top, width, draw: (frame) => line(frame, values, errors, labels) });
}

function carUnits(all, labels, by, width) {
  const values = all.map((one) => one.pcu_per_h);
  const layers = [{ key: "pcu", name: text("traffic.pcu"), values }];
  const faint = (i) => all[i].observed_s < WHOLE * LENGTH_S[by];
  const top = roundUp(Math.max(...values.filter(isNumber)));
  return figure({ title: text("traffic.pcu"), unit: text("traffic.pcu_per_h"), labels, columns: layers, top, width, draw: (frame) => bars(frame, layers, labels, faint) });
}

/** The classes of the whole period, by their number. */
function mix(spans, classes) {
  const counts = classes.map((cls) => [cls, spans.reduce((total, one) => total + (one.counts[cls] ?? 0), 0)]);
  const all = counts.reduce((total, [, n]) => total + n, 0);
  const row = ([cls, n]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, swatch(cls), text(`class.${cls}`)),
      el("td", {}, number(n)),
      el("td", {}, percent(n / all)),
      el("td", { class: "share" }, svg("svg", { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: `layer ${cls}`, width: (100 * n) / all, height: 1 }))),
    );
  return el("section", { class: "figure" }, el("h3", {}, text("traffic.mix")), all > 0 ? el("table", { class: "mix" }, el("tbody", {}, counts.map(row))) : el("p", { class: "note" }, text("no_vehicles")));
}

/** Of all vehicles of the period, and its standard error where all of it is known. */
function meanOf(spans) {
  const told = spans.filter((one) => isNumber(one.mean_kmh) && one.vehicles > 0);
  const vehicles = sum(told, "vehicles");
  if (vehicles === 0) return [null, null];
  const weighed = (name) => told.reduce((total, one) => total + one[name] * one.vehicles, 0) / vehicles;
  return [weighed("mean_kmh"), told.every((one) => isNumber(one.speed_se_kmh)) ? weighed("speed_se_kmh") : null];
}

const whenOf = (ms, by) => (by === "day" ? date(ms) : by === "hour" ? `${date(ms)} ${minute(ms)}` : minute(ms));
const tickOf = (ms, by) => (by === "day" || (by === "hour" && new Date(ms).getHours() === 0) ? date(ms) : minute(ms));
const sum = (spans, name) => spans.reduce((total, one) => total + one[name], 0);
const factorsOf = ({ factors, otherwise }) => [...Object.entries(factors).map(([cls, factor]) => `${text(`class.${cls}`)} ${number(factor, 1)}`), `${text("traffic.others")} ${number(otherwise, 1)}`].join(" · ");
const swatch = (cls) => svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: `layer ${cls}`, width: 10, height: 10, rx: 2 }));
