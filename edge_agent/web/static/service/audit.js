// Who did what on this page.

import { getJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text } from "../language.js";

export function auditPanel() {
  const list = el("ul", { class: "lines" });
  const unwritten = el("p", { class: "note warning" });
  getJson("/api/v1/audit").then((told) => {
    renew(list, told.entries.map(line));
    unwritten.textContent = told.unwritten ? text("service.unwritten", { n: told.unwritten }) : "";
  }, () => {});
  return { key: "service.audit", content: el("div", {}, list, unwritten) };
}

function line({ at, who, action, outcome, address }) {
  const did = `${text(`action.${action}`).replace(/^action\./, "")}: ${text(`outcome.${outcome}`)}`;
  return el("li", {}, el("time", { datetime: at }, time(Date.parse(at))), el("strong", {}, who), el("span", {}, did), el("span", { class: "aside" }, address));
}
