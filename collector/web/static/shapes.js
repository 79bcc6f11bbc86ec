// Small drawings: a shape for each severity, the state of a device, and an incident's place in the picture.

import { text } from "./language.js";
import { svg } from "./dom.js";

const SEVERITY_SHAPES = {
  critical: () => svg("path", { d: "M7 1h10l6 6v10l-6 6H7l-6-6V7z" }), // a stop sign
  high: () => svg("path", { d: "M12 1.5 23.5 22H.5z" }), // a warning triangle
  medium: () => svg("path", { d: "M12 .8 23.2 12 12 23.2.8 12z" }),
  low: () => svg("circle", { cx: 12, cy: 12, r: 9 }),
};

export function severityShape(severity) {
  return svg("svg", { class: "shape", viewBox: "0 0 24 24", "aria-hidden": "true" }, SEVERITY_SHAPES[severity]?.());
}

/** A disc when online, a crossed ring when not. */
export function stateShape(online) {
  const cross = [svg("circle", { class: "ring", cx: 12, cy: 12, r: 9 }), svg("path", { class: "ring", d: "M6 18 18 6" })];
  return svg("svg", { class: "shape", viewBox: "0 0 24 24", "aria-hidden": "true" }, online ? svg("circle", { cx: 12, cy: 12, r: 10 }) : cross);
}

const WIDTH = 160;
const HEIGHT = 90;
const SMALLEST = 7; // a far motorbike stays visible

/** The picture frame with the box of the incident, [left, top, right, bottom] in 0..1. */
export function pictureOf(box) {
  const [left, top, right, bottom] = box.map((share) => Math.min(1, Math.max(0, share)));
  const width = Math.max(SMALLEST, (right - left) * WIDTH);
  const height = Math.max(SMALLEST, (bottom - top) * HEIGHT);
  const x = Math.min(WIDTH - width, Math.max(0, ((left + right) / 2) * WIDTH - width / 2));
  const y = Math.min(HEIGHT - height, Math.max(0, ((top + bottom) / 2) * HEIGHT - height / 2));
  const middle = { x: x + width / 2, y: y + height / 2 };
  return svg(
    "svg",
    { class: "picture", viewBox: `-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`, role: "img", "aria-label": text("picture") },
    svg("rect", { class: "frame", width: WIDTH, height: HEIGHT, rx: 4 }),
    svg("path", { class: "cross", d: `M0 ${middle.y}H${x}M${x + width} ${middle.y}H${WIDTH}M${middle.x} 0V${y}M${middle.x} ${y + height}V${HEIGHT}` }),
    svg("rect", { class: "box", x, y, width, height, rx: 1.5 }),
  );
}
