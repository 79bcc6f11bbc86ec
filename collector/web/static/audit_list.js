// The audit log: who did what, the newest first, of the last days.

import { getJson, now } from "./api.js";
import { el, renew } from "./dom.js";
import { choice, written } from "./fields.js";
import { time } from "./format.js";
import { text } from "./language.js";
import { empty, failure } from "./telling.js";

const DAY_MS = 86_400_000;
const SPANS_DAYS = [1, 7, 30];
const PER_PAGE = 1000;
const MOST_PAGES = 20;
const SHOWN = 200;

export function drawAudit() {
  const list = el("div", { class: "figure" }, el("p", { class: "note" }, text("loading")));
  const wanted = { days: SPANS_DAYS[0], written: "" };
  let entries = [];
  const filter = written(text("users.audit_filter"), { type: "search" });
  filter.field.addEventListener("input", () => draw((wanted.written = filter.field.value)));

  async function read(days) {
    wanted.days = days;
    try {
      entries = await newestFirst(days);
      draw();
    } catch (error) {
      renew(list, failure(error));
    }
  }

  function draw() {
    const words = wanted.written.trim().toLocaleLowerCase();
    const found = entries.filter((one) => Object.values(one).join("\n").toLocaleLowerCase().includes(words)).slice(0, SHOWN);
    renew(list, found.length ? tableOf(found) : empty(text("users.audit_none"), text("users.audit_none_next")));
  }

  read(wanted.days);
  const spans = SPANS_DAYS.map((days) => [days, text(`forms.days.${days}`)]);
  return el("section", {}, el("h3", { class: "heading" }, text("users.audit")), el("div", { class: "choices" }, choice(text("forms.period"), spans, wanted.days, (days) => read(Number(days))), filter), list);
}

async function newestFirst(days) {
  const from = new Date(now() - days * DAY_MS).toISOString();
  const found = [];
  for (let [page, after] = [0, 0]; page < MOST_PAGES; page += 1) {
    const { entries, next } = await getJson(`/api/v1/audit?${new URLSearchParams({ from, after, limit: PER_PAGE })}`);
    found.push(...entries);
    if (entries.length < PER_PAGE) break;
    after = next;
  }
  return found.reverse();
}

function tableOf(entries) {
  const heads = ["at", "who", "action", "target", "outcome", "address"];
  const row = (one) =>
    el(
      "tr",
      {},
      el("td", {}, time(Date.parse(one.at), now())),
      el("th", { scope: "row" }, one.who),
      el("td", {}, one.action),
      el("td", {}, [one.target, one.detail].filter(Boolean).join(" · ")),
      el("td", { class: one.outcome !== "ok" && "warning" }, text(`users.outcome.${one.outcome}`)),
      el("td", {}, one.address),
    );
  return el("div", { class: "wide", tabindex: "0" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, text(`users.audit_column.${name}`))))), el("tbody", {}, entries.map(row))));
}
