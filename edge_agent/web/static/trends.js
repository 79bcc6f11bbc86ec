// The last 24 hours of a figure: a band from its lowest to its highest, and its mean; time runs to the right, up to now.

import { el, svg } from "./dom.js";
import { bytes, number } from "./format.js";
import { text } from "./language.js";

const DAY_S = 86_400;
const [WIDTH, HEIGHT] = [288, 64];

export function trendFigure({ id, unit, slot_s: slotS, points }) {
  const lows = points.map(({ low }) => low);
  const highs = points.map(({ high }) => high);
  const [bottom, top] = bounds(Math.min(...lows), Math.max(...highs), unit);
  const x = ({ ago_s: agoS }) => WIDTH * (1 - Math.min(1, Math.max(0, agoS - slotS / 2) / DAY_S));
  const y = (value) => HEIGHT - 2 - ((HEIGHT - 4) * (value - bottom)) / (top - bottom);
  const path = (of) => points.map((point) => `${x(point).toFixed(1)},${y(of(point)).toFixed(1)}`);
  const band = [...path(({ high }) => high), ...path(({ low }) => low).reverse()].join(" ");
  const told = text("trend.told", { low: shown(Math.min(...lows), unit), high: shown(Math.max(...highs), unit), now: shown(points.at(-1).mean, unit) });
  return el(
    "figure",
    { class: "trend" },
    el("figcaption", {}, el("span", {}, text(`trend.${id}`)), el("b", {}, shown(points.at(-1).mean, unit))),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${text(`trend.${id}`)}. ${told}`, preserveAspectRatio: "none" }, svg("polygon", { class: "band", points: band }), svg("polyline", { class: "mean", points: path(({ mean }) => mean).join(" ") })),
    el("p", { class: "aside" }, told),
  );
}

/** A flat line lies in the middle; shares are drawn against the whole. */
function bounds(low, high, unit) {
  if (unit === "%") return [0, Math.max(100, high)];
  const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.02, 0.5);
  return [low - room, high + room];
}

function shown(value, unit) {
  if (unit === "B") return bytes(value);
  return `${number(value, Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0)}${unit ? ` ${unit}` : ""}`;
}
