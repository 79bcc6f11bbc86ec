// What a camera sees now, with what is made of it. The picture comes as long as this part is open.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { text } from "../language.js";
import { driveByPanel } from "../live/drive_by.js";
import { lensAid } from "../live/lens.js";
import { seenPanel } from "../live/seen.js";

const SEEN_MS = 500;

export function open(root) {
  let cameras = [];
  let chosen = null;
  let [waiting, closed] = [0, false];
  const picture = el("img", { width: 960, height: 540 });
  const said = el("p", { class: "note", role: "status" });
  const buttons = el("div", { class: "choices", role: "group", "aria-label": text("live.choose") });
  const again = el("button", { type: "button", class: "primary", hidden: "" }, text("live.again"));
  const [seen, lens, driveBy] = [seenPanel(), lensAid(() => chosen), driveByPanel()];

  function look(name) {
    chosen = name;
    lens.begin();
    driveBy.begin();
    again.hidden = true;
    said.textContent = text("live.none");
    picture.alt = text("live.alt", { name });
    picture.src = `/api/v1/live/${name}?turn=${Date.now()}`;
    clearTimeout(waiting);
    watch();
    drawButtons();
  }

  async function watch() {
    const name = chosen;
    const told = await pollJson(`/api/v1/seen/${name}`).catch(() => null);
    if (closed || name !== chosen) return;
    seen.draw(told);
    driveBy.hear(told);
    waiting = setTimeout(watch, SEEN_MS);
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
  renew(root, el("section", { class: "panel" }, el("h2", {}, text("live.heading")), buttons, picture, said, again, seen.element, el("p", { class: "note" }, text("live.private"))), el("section", { class: "panel" }, el("h2", {}, text("live.aids")), lens.element, driveBy.element));
  return {
    draw(overview) {
      const names = overview.cameras.map(({ name }) => name);
      if (String(names) === String(cameras)) return;
      cameras = names;
      look(names.includes(chosen) ? chosen : names[0]);
    },
    close() {
      closed = true;
      clearTimeout(waiting);
      lens.close();
      picture.removeAttribute("src");
    },
  };
}
