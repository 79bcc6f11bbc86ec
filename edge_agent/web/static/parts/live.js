// What a camera sees now, with what is made of it. The picture comes as long as this part is open.

import { el, renew } from "../dom.js";
import { text } from "../language.js";

export function open(root) {
  let cameras = [];
  let chosen = null;
  const picture = el("img", { width: 960, height: 540 });
  const said = el("p", { class: "note", role: "status" });
  const buttons = el("div", { class: "choices", role: "group", "aria-label": text("live.choose") });
  const again = el("button", { type: "button", class: "primary", hidden: "" }, text("live.again"));

  function look(name) {
    chosen = name;
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
  renew(root, el("section", { class: "panel" }, el("h2", {}, text("live.heading")), buttons, picture, said, again, el("p", { class: "note" }, text("live.private"))));
  return {
    draw(overview) {
      const names = overview.cameras.map(({ name }) => name);
      if (String(names) === String(cameras)) return;
      cameras = names;
      look(names.includes(chosen) ? chosen : names[0]);
    },
    close: () => picture.removeAttribute("src"),
  };
}
