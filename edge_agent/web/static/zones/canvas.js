// The still with what is drawn on it. A tap gives a place; points of what is chosen can be dragged, or moved with the arrow keys.

import { el, renew, svg } from "../dom.js";
import { text } from "../language.js";
import { KINDS } from "./document.js";

const STEP = 0.003; // of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** `onTap(place)`; `onMove(point, place, isDone)` of a handle; `onPick(point)`. */
export function canvas({ onTap, onMove, onPick }) {
  const picture = el("img", { alt: text("zones.still"), draggable: "false" });
  const layer = svg("svg", { class: "zones-layer" });
  const element = el("div", { class: "zones-canvas" }, el("div", { class: "zones-sheet" }, picture, layer));
  let [width, height] = [1, 1];
  let dragged = null;

  function placeOf(event) {
    const box = layer.getBoundingClientRect();
    const share = (value, from, length) => Math.min(1, Math.max(0, Math.round((10_000 * (value - from)) / length) / 10_000));
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  layer.addEventListener("click", (event) => {
    if (!event.target.closest(".handle")) onTap(placeOf(event));
  });
  layer.addEventListener("pointermove", (event) => dragged !== null && onMove(dragged, placeOf(event), false));
  for (const end of ["pointerup", "pointercancel"]) {
    layer.addEventListener(end, (event) => {
      if (dragged !== null && end === "pointerup") onMove(dragged, placeOf(event), true);
      dragged = null;
    });
  }

  const path = (points) => points.map(([x, y]) => `${x * width},${y * height}`).join(" ");

  function handle([x, y], n, isPicked) {
    const made = svg(
      "g",
      { class: `handle${isPicked ? " picked" : ""}`, tabindex: 0, role: "button", "aria-label": text("zones.point", { n: n + 1 }), transform: `translate(${x * width} ${y * height})` },
      svg("circle", { class: "reach", r: width / 28 }),
      svg("circle", { class: "dot", r: width / 110 }),
    );
    made.addEventListener("pointerdown", (event) => {
      dragged = n;
      layer.setPointerCapture(event.pointerId);
      onPick(n);
      event.preventDefault();
    });
    made.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      onMove(n, [x + STEP * arrow[0], y + STEP * arrow[1]].map((one) => Math.min(1, Math.max(0, Math.round(one * 10_000) / 10_000))), true);
    });
    made.addEventListener("focus", () => onPick(n));
    return made;
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
      const focused = document.activeElement?.closest?.(".handle") ? picked : null;
      const things = Object.keys(KINDS).flatMap((list) => (scene[list] ?? []).map((one, index) => thing(list, one, chosen?.list === list && chosen.index === index)));
      renew(
        layer,
        svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 7, refY: 5, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" }, svg("path", { d: "M0 0 10 5 0 10z" }))),
        guides.map((one) => svg("g", { class: one.small ? "guide small" : "guide" }, svg("polyline", { points: path(one.points) }), svg("text", { x: one.points[0][0] * width + 3, y: one.points[0][1] * height - 3, "font-size": width / 44 }, one.small ? text("zones.too_small", { cls: text(`class.${one.small}`) }) : `${one.metres} m`))),
        things,
        pairs.map(({ image: [x, y] }, n) => svg("g", { class: `pair${slipped.has(n) ? " slipped" : ""}`, transform: `translate(${x * width} ${y * height})` }, svg("circle", { r: width / 90 }), svg("text", { x: width / 70, y: -width / 90, "font-size": width / 36 }, n + 1))),
        begun && svg("polyline", { class: "begun", points: path(begun) }),
        begun?.map(([x, y]) => svg("circle", { class: "begun", cx: x * width, cy: y * height, r: width / 120 })),
        handles.map((place, n) => handle(place, n, n === picked)),
      );
      if (focused !== null) layer.querySelectorAll(".handle")[focused]?.focus({ preventScroll: true });
    },
  };
}
