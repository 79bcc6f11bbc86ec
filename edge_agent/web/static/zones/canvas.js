// The still with what is drawn on it. A tap gives a place; points of what is chosen, and those of the calibration, can be dragged, or
// moved with the arrow keys.

import { el, renew, svg } from "../dom.js";
import { text } from "../language.js";
import { KINDS } from "./document.js";

const STEP = 0.003; // of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** `onTap(place)`; `onMove(point, place, isDone)` of what is chosen, `onMovePair` of the calibration's; `onPick(point)`. */
export function canvas({ onTap, onMove, onMovePair, onPick }) {
  const picture = el("img", { alt: text("zones.still"), draggable: "false" });
  const layer = svg("svg", { class: "zones-layer" });
  const element = el("div", { class: "zones-canvas" }, el("div", { class: "zones-sheet" }, picture, layer));
  let [width, height] = [1, 1];
  let dragged = null; // what moves with the finger: (place, isDone)

  function placeOf(event) {
    const box = layer.getBoundingClientRect();
    const share = (value, from, length) => Math.min(1, Math.max(0, Math.round((10_000 * (value - from)) / length) / 10_000));
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  layer.addEventListener("click", (event) => {
    if (!event.target.closest(".handle")) onTap(placeOf(event));
  });
  layer.addEventListener("pointermove", (event) => dragged?.(placeOf(event), false));
  for (const end of ["pointerup", "pointercancel"]) {
    layer.addEventListener(end, (event) => {
      if (end === "pointerup") dragged?.(placeOf(event), true);
      dragged = null;
    });
  }

  const path = (points) => points.map(([x, y]) => `${x * width},${y * height}`).join(" ");

  /** Something that can be dragged; `key` finds it again when all is drawn anew. */
  function movable(key, [x, y], name, move, attributes, ...inside) {
    const made = svg("g", { tabindex: 0, role: "button", "aria-label": name, "data-key": key, transform: `translate(${x * width} ${y * height})`, ...attributes }, inside);
    made.addEventListener("pointerdown", (event) => {
      dragged = move;
      layer.setPointerCapture(event.pointerId);
      made.focus({ preventScroll: true });
      event.preventDefault();
    });
    made.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      move([x + STEP * arrow[0], y + STEP * arrow[1]].map((one) => Math.min(1, Math.max(0, Math.round(one * 10_000) / 10_000))), true);
    });
    return made;
  }

  function handle(place, n, isPicked) {
    const dot = [svg("circle", { class: "reach", r: width / 28 }), svg("circle", { class: "dot", r: width / 110 })];
    const made = movable(`point ${n}`, place, text("zones.point", { n: n + 1 }), (to, isDone) => onMove(n, to, isDone), { class: `handle${isPicked ? " picked" : ""}` }, dot);
    made.addEventListener("focus", () => onPick(n));
    return made;
  }

  function pairMark({ image }, n, isSlipped) {
    const mark = [svg("circle", { class: "reach", r: width / 45 }), svg("circle", { class: "spot", r: width / 110 }), svg("text", { x: width / 70, y: -width / 90, "font-size": width / 36 }, n + 1)];
    return movable(`pair ${n}`, image, text("cal.point", { n: n + 1 }), (to, isDone) => onMovePair(n, to, isDone), { class: `handle pair${isSlipped ? " slipped" : ""}` }, mark);
  }

  function thing(list, one, isChosen) {
    const parts = KINDS[list].map(({ name }) => {
      const tag = name === "polygon" ? "polygon" : "polyline";
      return svg(tag, { class: `${list} ${name}${isChosen ? " chosen" : ""}`, points: path(one[name] ?? []), "marker-end": name === "centreline" && "url(#arrow)", "marker-start": name === "centreline" && one.two_way && "url(#arrow)" });
    });
    const [x, y] = (one.centreline ?? one.polygon ?? one.line)[0];
    return svg("g", {}, parts, svg("text", { x: x * width + 4, y: y * height - 6, "font-size": width / 36 }, one.id));
  }

  return {
    element,
    show(source) {
      picture.src = source;
    },
    /** `handles` are points of what is chosen; `begun` is what is being drawn; `pairs` those of the calibration. */
    draw({ scene, chosen, handles, picked, begun, guides, pairs, slipped }) {
      [width, height] = scene.ref_resolution;
      layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
      picture.width = width;
      picture.height = height;
      layer.classList.toggle("drawing", Boolean(begun));
      const focused = layer.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      const things = Object.keys(KINDS).flatMap((list) => (scene[list] ?? []).map((one, index) => thing(list, one, chosen?.list === list && chosen.index === index)));
      renew(
        layer,
        svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 7, refY: 5, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" }, svg("path", { d: "M0 0 10 5 0 10z" }))),
        guides.map((one) => svg("g", { class: one.small ? "guide small" : "guide" }, svg("polyline", { points: path(one.points) }), svg("text", { x: one.points[0][0] * width + 3, y: one.points[0][1] * height - 3, "font-size": width / 44 }, one.small ? text("zones.too_small", { cls: text(`class.${one.small}`) }) : `${one.metres} m`))),
        things,
        pairs.map((pair, n) => pairMark(pair, n, slipped.has(n))),
        begun && svg("polyline", { class: "begun", points: path(begun) }),
        begun?.map(([x, y]) => svg("circle", { class: "begun", cx: x * width, cy: y * height, r: width / 120 })),
        handles.map((place, n) => handle(place, n, n === picked)),
      );
      if (focused) layer.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
    },
  };
}
