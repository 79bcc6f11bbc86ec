// Test event, restart, diagnostics.

import { postJson } from "../api.js";
import { el } from "../dom.js";
import { text } from "../language.js";
import { button } from "./acting.js";

export function deedsPanel() {
  const said = el("p", { class: "note", role: "status" });
  const test = button(text("service.test"), said, async () => {
    await postJson("/api/v1/test-event");
    return text("service.tested");
  });
  const sure = el("dialog", { "aria-labelledby": "sure" }, el("h2", { id: "sure" }, text("service.restart_sure")), el("p", {}, text("service.restart_more")));
  const restart = el("button", { type: "button" }, text("service.restart"));
  restart.addEventListener("click", () => sure.showModal());
  const yes = button(text("service.restart"), said, async () => {
    sure.close();
    await postJson("/api/v1/restart");
    return text("service.restarting");
  }, { class: "danger" });
  const no = el("button", { type: "button" }, text("service.cancel"));
  no.addEventListener("click", () => sure.close());
  sure.append(el("p", { class: "choices" }, yes, no));
  const diagnostics = el("a", { class: "button", href: "/api/v1/diagnostics", download: "" }, text("service.diagnostics"));
  const content = el("div", {}, el("p", { class: "choices" }, test, diagnostics, restart), said, sure, el("p", { class: "note" }, text("service.diagnostics_note")));
  return { key: "service.deeds", content };
}
