// Maintenance mode: until when, and why. It ends by itself.

import { postJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text } from "../language.js";
import { button } from "./acting.js";

const MINUTES = [15, 30, 60, 120, 240];

export function maintenancePanel() {
  const standing = el("p", { class: "state" });
  const said = el("p", { class: "note", role: "status" });
  const minutes = el("select", { id: "minutes" }, MINUTES.map((one) => el("option", { value: one }, text("service.minutes", { n: one }))));
  const reason = el("input", { id: "reason", maxlength: 200, autocomplete: "off" });
  minutes.value = "30";

  function tell(maintenance) {
    standing.textContent = maintenance ? text("service.until", { time: time(Date.parse(maintenance.until)), by: maintenance.by, reason: maintenance.reason }) : text("service.none");
    finish.hidden = !maintenance;
  }

  const start = button(text("service.begin"), said, async () => {
    tell((await postJson("/api/v1/maintenance", { minutes: Number(minutes.value), reason: reason.value })).maintenance);
    return text("service.begun");
  }, { class: "primary" });
  const finish = button(text("service.end"), said, async () => tell((await postJson("/api/v1/maintenance/end")).maintenance), { hidden: "" });
  const content = el("div", { class: "form" });
  renew(
    content,
    standing,
    el("p", { class: "field" }, el("label", { for: "minutes" }, text("service.how_long")), minutes),
    el("p", { class: "field" }, el("label", { for: "reason" }, text("service.reason")), reason),
    el("p", { class: "choices" }, start, finish),
    said,
    el("p", { class: "note" }, text("service.maintenance_note")),
  );
  return { key: "service.maintenance", content, draw: ({ maintenance }) => tell(maintenance) };
}
