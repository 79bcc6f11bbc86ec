// What a technician does here, and what was done before.

import { getJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text } from "../language.js";

export function open(root) {
  const log = el("ul", { class: "lines" });
  const unwritten = el("p", { class: "note" });
  renew(root, el("section", { class: "panel" }, el("h2", {}, text("service.audit")), log, unwritten));
  getJson("/api/v1/audit").then((told) => {
    renew(log, told.entries.map(line));
    unwritten.textContent = told.unwritten ? text("service.unwritten", { n: told.unwritten }) : "";
  }, () => {});
  return {};
}

function line({ at, who, action, outcome, address, detail }) {
  const did = [text(`action.${action}`).replace(/^action\./, ""), text(`outcome.${outcome}`), detail];
  return el("li", {}, el("time", { datetime: at }, time(Date.parse(at))), el("strong", {}, who), el("span", {}, did.filter(Boolean).join(" · ")), el("span", { class: "aside" }, address));
}
