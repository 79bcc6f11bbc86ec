// An aid for whoever turns the lens: how sharp and how bright the picture is, against the best since the aid was asked for.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { number, percent } from "../format.js";
import { text } from "../language.js";

const ASK_MS = 400;

/** `camera()` is the one that is looked at. Gives {element, begin(), close()}; `begin` forgets what was best. */
export function lensAid(camera) {
  const told = el("div", { hidden: "" });
  const button = el("button", { type: "button", "aria-pressed": "false" }, text("lens.aid"));
  let [best, waiting, asking] = [0, 0, false];

  async function ask() {
    const name = camera();
    const lens = await pollJson(`/api/v1/lens/${name}`).catch(() => null);
    if (!asking) return;
    if (lens && name === camera()) draw(lens);
    waiting = setTimeout(ask, ASK_MS);
  }

  function draw({ sharpness, brightness, dark, bright }) {
    best = Math.max(best, sharpness);
    const bar = el("meter", { min: 0, max: 1, low: 0.7, high: 0.9, optimum: 1, value: best ? sharpness / best : 0, "aria-label": text("lens.sharpness") });
    const words = [text("lens.told", { now: number(sharpness, 1), best: number(best, 1) }), text("lens.light", { mean: percent(brightness), dark: percent(dark), bright: percent(bright) })];
    renew(told, bar, words.map((one) => el("p", { class: "note" }, one)));
  }

  function close() {
    asking = false;
    clearTimeout(waiting);
  }

  button.addEventListener("click", () => {
    const wanted = !asking;
    close();
    [asking, best] = [wanted, 0];
    button.setAttribute("aria-pressed", String(asking));
    told.hidden = !asking;
    if (asking) ask();
  });
  return { element: el("div", {}, el("p", { class: "choices" }, button), told), begin: () => (best = 0), close };
}
