// A shape for each state of health, so that no colour has to be told from another: a disc, a triangle, a crossed ring; and a
// wrench where somebody works.

import { svg } from "./dom.js";

const SHAPES = {
  well: () => [svg("circle", { class: "ring", cx: 12, cy: 12, r: 10 }), svg("path", { class: "ring", d: "m7 12.5 3.5 3.5L17 9" })],
  mild: () => [svg("path", { d: "M12 1.5 23.5 22H.5z" })],
  bad: () => [svg("circle", { class: "ring", cx: 12, cy: 12, r: 9 }), svg("path", { class: "ring", d: "M6 18 18 6" })],
};

export const healthShape = (level) => svg("svg", { class: `shape ${level}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, SHAPES[level]());

export const wrenchShape = () =>
  svg("svg", { class: "shape wrench", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M22.6 6.2a6.9 6.9 0 0 1-8.9 8.6l-7.6 7.6a3.2 3.2 0 0 1-4.5-4.5l7.6-7.6a6.9 6.9 0 0 1 8.6-8.9l-4.2 4.2.6 3.6 3.6.6z" }));
