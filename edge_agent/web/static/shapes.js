// A shape for each level, so that colour is never the only sign.

import { svg } from "./dom.js";
import { text } from "./language.js";

const SHAPES = {
  ok: ["circle", { cx: 12, cy: 12, r: 10 }, "m7 12.5 3.5 3.5 6.5-7.5"],
  warn: ["path", { d: "M12 2 23 21H1Z" }, "M12 9v6m0 2v1.5"],
  bad: ["path", { d: "M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9Z" }, "m8 8 8 8m0-8-8 8"],
};

export function shape(level) {
  const [tag, attributes, sign] = SHAPES[level];
  return svg("svg", { class: "shape", viewBox: "0 0 24 24", role: "img", "aria-label": text(`level.${level}`) }, svg(tag, attributes), svg("path", { class: "sign", d: sign }));
}
