// Where the city's own video shows an alert, and the one still that an operator may ask its device for.

import { AnswerError, now, postJson } from "./api.js";
import { el, renew } from "./dom.js";
import { time } from "./format.js";
import { text } from "./language.js";

/** `evidence` as the alert's answer tells it, or undefined; `reload` is called when a still was asked for. */
export function drawEvidence(path, evidence, reload) {
  const state = evidence?.still?.state ?? "off";
  if (!evidence?.link && state === "off") return [];
  const shown = el("div", { class: "still" });
  return [
    el("h3", {}, text("alert.evidence")),
    evidence.link && el("p", {}, el("a", { class: "link", href: evidence.link, target: "_blank", rel: "noopener noreferrer" }, `${text("alert.video")} ↗`)),
    state === "there" && button("alert.look", () => renew(shown, el("img", { src: `${path}/still`, alt: text("alert.still") }))),
    (state === "none" || state === "failed") && button("alert.ask_still", () => ask(path, shown).then(reload)),
    state === "asked" && button("alert.asked_still", reload),
    state === "there" && el("p", { class: "note" }, text("alert.still_taken", { at: time(Date.parse(evidence.still.taken_at), now()) })),
    state === "failed" && el("p", { class: "note" }, text(`alert.still_failed.${evidence.still.code}`), " ", el("q", { lang: "en" }, evidence.still.why)),
    state !== "off" && el("p", { class: "note" }, text("alert.still_why")),
    shown,
  ];
}

async function ask(path, shown) {
  try {
    await postJson(`${path}/still`, {});
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    renew(shown, el("p", { class: "note warning" }, error.content?.detail ?? error.message));
  }
}

function button(key, clicked) {
  const made = el("button", { type: "button" }, text(key));
  made.addEventListener("click", clicked);
  return made;
}
