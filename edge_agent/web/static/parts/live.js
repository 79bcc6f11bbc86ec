// What a camera sees now, with what is made of it. The picture comes as long as this part is open.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { number, percent } from "../format.js";
import { text } from "../language.js";

const LENS_MS = 400;

export function open(root) {
  let cameras = [];
  let chosen = null;
  const picture = el("img", { width: 960, height: 540 });
  const said = el("p", { class: "note", role: "status" });
  const buttons = el("div", { class: "choices", role: "group", "aria-label": text("live.choose") });
  const again = el("button", { type: "button", class: "primary", hidden: "" }, text("live.again"));

  const lens = el("div", { hidden: "" });
  const aid = el("button", { type: "button", "aria-pressed": "false" }, text("lens.aid"));
  let [best, waiting, asking] = [0, 0, false];

  /** The bar is full at the sharpest that was seen since the aid was asked for. */
  async function ask() {
    const name = chosen;
    const told = await pollJson(`/api/v1/lens/${name}`).catch(() => null);
    if (!asking) return;
    if (told && name === chosen) {
      best = Math.max(best, told.sharpness);
      const share = best ? told.sharpness / best : 0;
      const bar = el("meter", { min: 0, max: 1, low: 0.7, high: 0.9, optimum: 1, value: share, "aria-label": text("lens.sharpness") });
      const words = [text("lens.told", { now: number(told.sharpness, 1), best: number(best, 1) }), text("lens.light", { mean: percent(told.brightness), dark: percent(told.dark), bright: percent(told.bright) })];
      renew(lens, bar, words.map((one) => el("p", { class: "note" }, one)));
    }
    waiting = setTimeout(ask, LENS_MS);
  }

  function stopAsking() {
    asking = false;
    clearTimeout(waiting);
  }

  aid.addEventListener("click", () => {
    asking = !asking;
    best = 0;
    aid.setAttribute("aria-pressed", String(asking));
    lens.hidden = !asking;
    if (asking) ask();
    else stopAsking();
  });

  function look(name) {
    [chosen, best] = [name, 0];
    again.hidden = true;
    said.textContent = text("live.none");
    picture.alt = text("live.alt", { name });
    picture.src = `/api/v1/live/${name}?turn=${Date.now()}`;
    drawButtons();
  }

  function drawButtons() {
    const one = (name) => {
      const button = el("button", { type: "button", "aria-pressed": String(name === chosen) }, name);
      button.addEventListener("click", () => look(name));
      return button;
    };
    renew(buttons, cameras.map(one));
  }

  picture.addEventListener("load", () => (said.textContent = ""));
  picture.addEventListener("error", () => {
    said.textContent = text("live.full");
    again.hidden = false;
  });
  again.addEventListener("click", () => look(chosen));
  renew(root, el("section", { class: "panel" }, el("h2", {}, text("live.heading")), buttons, picture, said, again, el("p", { class: "choices" }, aid), lens, el("p", { class: "note" }, text("live.private"))));
  return {
    draw(overview) {
      const names = overview.cameras.map(({ name }) => name);
      if (String(names) === String(cameras)) return;
      cameras = names;
      look(names.includes(chosen) ? chosen : names[0]);
    },
    close() {
      stopAsking();
      picture.removeAttribute("src");
    },
  };
}
