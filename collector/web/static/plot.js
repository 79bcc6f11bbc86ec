// Plots over time, as SVG of the width they are given: stacked bars, or a line with its uncertainty; each with its table.

import { el, svg } from "./dom.js";
import { isNumber, number } from "./format.js";
import { text } from "./language.js";

const HEIGHT = 190;
const MARGIN = { left: 46, right: 8, top: 8, bottom: 22 };
const STEPS = [1, 2, 2.5, 5, 10];
const LABEL_PX = 62; // room for one label of the time axis
const GRID_LINES = 4;

/**
 * A figure: heading, plot, and a table with the same numbers. `columns` are {name, values, digits}, `labels` are {whole, short}, when each
 * span was; `draw(frame)` returns what is inside the plot.
 */
export function figure({ title, unit, labels, columns, top, width, draw, legend }) {
  const frame = frameOf(width, top, labels.length);
  const picture = svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": summaryOf(title, unit, labels, columns) },
    grid(frame),
    timeAxis(frame, labels),
    draw(frame),
  );
  return el(
    "figure",
    { class: "figure" },
    el("figcaption", {}, el("h3", {}, title, " ", el("span", { class: "aside" }, unit)), legend),
    picture,
    el("details", {}, el("summary", {}, text("forms.table")), el("div", { class: "wide", tabindex: "0" }, tableOf(title, labels, columns))),
  );
}

/** Bars of one or several layers, the first at the bottom. `layers` are {key, name, values}; `faint(i)`: was not seen whole. */
export function bars(frame, layers, labels, faint = () => false) {
  const width = Math.max(1, frame.step * 0.78);
  return labels.map((label, i) => {
    let below = 0;
    const parts = layers.map(({ key, values }) => {
      const from = below;
      below += values[i] ?? 0;
      const y = frame.y(below);
      return values[i] > 0 && svg("rect", { class: `layer ${key}`, x: frame.x(i) - width / 2, y, width, height: frame.y(from) - y });
    });
    const told = [label.whole, ...layers.filter(({ values }) => values[i] > 0).map(({ name, values }) => `${name}: ${number(values[i])}`)];
    return svg("g", { class: faint(i) && "faint" }, svg("title", {}, told.join("\n")), hitArea(frame, i), parts);
  });
}

/** A line with dots, broken where nothing was measured, in the band of its standard errors. */
export function line(frame, values, errors, labels) {
  const runs = runsOf(values);
  const at = (i, value) => `${frame.x(i).toFixed(1)},${frame.y(value).toFixed(1)}`;
  const bands = runs.map((run) => {
    const known = run.filter((i) => isNumber(errors[i]));
    const upper = known.map((i) => at(i, values[i] + errors[i]));
    const lower = known.map((i) => at(i, Math.max(0, values[i] - errors[i]))).reverse();
    return known.length > 1 && svg("polygon", { class: "band", points: [...upper, ...lower].join(" ") });
  });
  const lines = runs.map((run) => svg("polyline", { class: "trace", points: run.map((i) => at(i, values[i])).join(" ") }));
  const dots = runs.flat().map((i) =>
    svg("g", {}, svg("title", {}, `${labels[i].whole}\n${number(values[i], 1)}${isNumber(errors[i]) ? ` ± ${number(errors[i], 1)}` : ""} km/h`), hitArea(frame, i), svg("circle", { class: "dot", cx: frame.x(i), cy: frame.y(values[i]), r: 2.4 })),
  );
  return [bands, lines, dots].flat();
}

/** The smallest round number that is no less: the top of an axis. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return STEPS.find((step) => step * power >= value) * power;
}

function frameOf(width, top, count) {
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const step = inner.width / Math.max(1, count);
  return {
    ...inner,
    top,
    step,
    x: (i) => MARGIN.left + (i + 0.5) * step,
    y: (value) => MARGIN.top + inner.height * (1 - value / top),
  };
}

function grid({ width, top, y }) {
  const digits = top < GRID_LINES ? 2 : 0;
  return Array.from({ length: GRID_LINES + 1 }, (_, i) => (top * i) / GRID_LINES).flatMap((value) => [
    svg("line", { class: "grid", x1: MARGIN.left, x2: MARGIN.left + width, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value, Number.isInteger(value) ? 0 : digits || 1)),
  ]);
}

function timeAxis({ x, step }, labels) {
  const every = Math.max(1, Math.ceil(LABEL_PX / step));
  return labels.map((label, i) => i % every === 0 && svg("text", { class: "tick", x: x(i), y: HEIGHT - 5, "text-anchor": "middle" }, label.short));
}

/** All of the span's column answers the pointer, not only what is drawn in it. */
const hitArea = (frame, i) => svg("rect", { class: "hit", x: frame.x(i) - frame.step / 2, y: MARGIN.top, width: frame.step, height: frame.height });

function runsOf(values) {
  const runs = [[]];
  values.forEach((value, i) => {
    if (isNumber(value)) runs.at(-1).push(i);
    else if (runs.at(-1).length) runs.push([]);
  });
  return runs.filter((run) => run.length);
}

function summaryOf(title, unit, labels, [first]) {
  const known = first.values.map((value, i) => ({ value, label: labels[i].whole })).filter(({ value }) => isNumber(value));
  if (known.length === 0) return title;
  const by = (a, b) => a.value - b.value;
  const [least, most] = [[...known].sort(by)[0], [...known].sort(by).at(-1)];
  const told = ({ value, label }) => `${number(value, first.digits ?? 0)} (${label})`;
  return text("forms.plot", { title, unit, least: told(least), most: told(most) });
}

function tableOf(title, labels, columns) {
  const cell = (column, i) => el("td", {}, isNumber(column.values[i]) ? number(column.values[i], column.digits ?? 0) : "–");
  return el(
    "table",
    {},
    el("caption", { class: "unseen" }, title),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, text("forms.time")), columns.map((one) => el("th", { scope: "col" }, one.name)))),
    el("tbody", {}, labels.map((label, i) => el("tr", {}, el("th", { scope: "row" }, label.whole), columns.map((one) => cell(one, i))))),
  );
}
