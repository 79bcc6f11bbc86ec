// Was the camera moved? What it saw when its zones were drawn beside what it sees now, with how far both lie apart.

import { pollJson } from "../api.js";
import { el, renew, svg } from "../dom.js";
import { number, time } from "../format.js";
import { text } from "../language.js";

const LEAST_SHARE = 0.001; // of the width: less is the same place
const ASKED_MOST = 5; // the device waits for a picture each time

/** Gives {element, load(now)}: `now` is a camera's scene as it is saved. */
export function movedPanel() {
  const told = el("p", {});
  const coarse = el("p", { class: "note", hidden: "" }, text("moved.coarse"));
  const pictures = el("div", { class: "compare" });
  const details = el("details", {}, el("summary", {}, text("moved.compare")), pictures);
  let scene = null;

  details.addEventListener("toggle", () => renew(pictures, details.open && [then(scene), figure(text("moved.now"), `/api/v1/still/${scene.camera}`, scene)]));
  return {
    element: el("div", {}, told, coarse, details),
    async load(now) {
      [scene, details.open] = [now, false];
      [told.textContent, coarse.hidden] = [text("live.none"), true];
      for (let asked = 0; asked < ASKED_MOST; asked += 1) {
        const seen = await pollJson(`/api/v1/seen/${now.camera}`).catch(() => null);
        if (scene !== now) return;
        if (!seen) continue;
        told.textContent = inWords(seen);
        told.classList.toggle("warning", seen.turned);
        coarse.hidden = !seen.turned || !now.scene.masks?.some((mask) => mask.private);
        return;
      }
    },
  };
}

function inWords({ beside, turned }) {
  const share = beside === null ? null : `${number(100 * beside, 1)}\u00a0%`;
  if (turned) return share ? text("moved.turned_by", { share }) : text("moved.turned");
  return beside < LEAST_SHARE ? text("moved.not") : text("moved.followed", { share });
}

function then(now) {
  if (!now.has_view) return el("p", { class: "note" }, text("moved.no_view"));
  const saved = now.versions.find(({ sha256 }) => sha256 === now.sha256);
  return figure(text("moved.then", { time: saved ? time(Date.parse(saved.at)) : "" }), `/api/v1/scenes/${now.camera}/then`, now);
}

/** With the lanes as they were drawn: what has moved lies beside them. */
function figure(caption, source, { scene }) {
  const [width, height] = scene.ref_resolution;
  const lanes = scene.lanes.map(({ polygon }) => svg("polygon", { class: "lanes", points: polygon.map(([x, y]) => `${x * width},${y * height}`).join(" ") }));
  const picture = el("img", { src: `${source}?turn=${Date.now() % 1_000_000_000}`, alt: caption, width, height });
  return el("figure", {}, el("div", { class: "zones-sheet" }, picture, svg("svg", { class: "zones-layer", viewBox: `0 0 ${width} ${height}` }, lanes)), el("figcaption", {}, caption));
}
