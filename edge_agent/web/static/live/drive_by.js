// A check of the calibration: somebody drives by at a known speed, and what was measured of each who passed stands beside it.

import { el, renew } from "../dom.js";
import { number } from "../format.js";
import { text } from "../language.js";
import { nameOf } from "./seen.js";

const LEAST_READINGS = 3;
const MOST = 8; // the newest
const LEAST_KMH = 5; // who stands drives by nobody

/** Gives {element, hear(seen), begin()}; `begin` forgets who passed. */
export function driveByPanel() {
  const passed = new Map(); // by id: {name, lane, speeds, errors}
  let [listening, last] = [false, null];
  const driven = el("input", { id: "driven", type: "number", inputmode: "decimal", min: 5, max: 200, step: 1, value: 40 });
  const list = el("ul", { class: "lines" });
  const start = el("button", { type: "button", "aria-pressed": "false" }, text("drive.start"));

  start.addEventListener("click", () => {
    listening = !listening;
    if (listening) begin();
    start.setAttribute("aria-pressed", String(listening));
    start.textContent = text(listening ? "drive.stop" : "drive.start");
    draw();
  });
  driven.addEventListener("input", draw);

  function begin() {
    passed.clear();
    draw();
  }

  function hear(seen) {
    if (!listening || !seen || seen.index === last) return;
    last = seen.index;
    for (const one of seen.users.filter(({ speed_kmh: kmh }) => kmh !== null && kmh >= LEAST_KMH)) {
      const passer = passed.get(one.id) ?? { speeds: [], errors: [] };
      passer.speeds.push(one.speed_kmh);
      passer.errors.push(one.error_kmh);
      passed.set(one.id, { ...passer, name: nameOf(one), lane: one.lane });
    }
    draw();
  }

  function draw() {
    const known = [...passed.values()].filter(({ speeds }) => speeds.length >= LEAST_READINGS).slice(-MOST).reverse();
    renew(list, known.map(line), listening && !known.length && el("li", { class: "note" }, text("drive.waiting")));
  }

  /** What is wrong with a calibration is so in every reading: the mean's error is no smaller than theirs. */
  function line({ name, lane, speeds, errors }) {
    const [speed, error, wanted] = [mean(speeds), mean(errors), Number(driven.value)];
    const values = { speed: number(speed, 1), error: number(error, 1), n: speeds.length };
    const off = (100 * (speed - wanted)) / wanted;
    const agrees = Math.abs(speed - wanted) <= error;
    const verdict = wanted > 0 && el("span", { class: agrees ? "agrees" : "differs" }, text(agrees ? "drive.agrees" : "drive.differs", { off: `${off < 0 ? "−" : "+"}${number(Math.abs(off), 1)}\u00a0%` }));
    return el("li", {}, el("strong", {}, name), el("span", {}, [lane && text("lane", { name: lane }), text("drive.measured", values)].filter(Boolean).join(" · ")), verdict);
  }

  return {
    element: el("details", {}, el("summary", {}, text("drive.heading")), el("p", { class: "note" }, text("drive.note")), el("p", { class: "field" }, el("label", { for: "driven" }, text("drive.driven")), driven, start), list),
    hear,
    begin,
  };
}

const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;
