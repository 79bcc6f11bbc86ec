// The audit log: who did what, the newest first, page by page as far back as it goes.

import { getJson, now } from "./api.js";
import { el, renew } from "./dom.js";
import { button, choice, written } from "./fields.js";
import { time } from "./format.js";
import { text } from "./language.js";
import { empty, failure } from "./telling.js";

const DAY_MS = 86_400_000;
const SPANS_DAYS = [1, 7, 30];
const ALL = "all";
const PER_PAGE = 200;
const TYPING_MS = 250;

export function drawAudit() {
  const list = el("div", { class: "figure" }, el("p", { class: "note" }, text("loading")));
  const wanted = { days: SPANS_DAYS[0], written: "" };
  let [entries, next, turn, typing] = [[], null, 0, null];
  const filter = written(text("users.audit_filter"), { type: "search", maxlength: 200 });
  filter.field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => want({ written: filter.field.value.trim() }), TYPING_MS);
  });

  function want(change) {
    Object.assign(wanted, change);
    [entries, next] = [[], null];
    return read();
  }

  /** The page after what is shown; of several answers under way the one asked for last counts. */
  async function read() {
    const mine = ++turn;
    const from = wanted.days !== ALL && { from: new Date(now() - wanted.days * DAY_MS).toISOString() };
    const asked = { order: "newest", limit: PER_PAGE, text: wanted.written, ...from, ...(next !== null && { before: next }) };
    try {
      const page = await getJson(`/api/v1/audit?${new URLSearchParams(asked)}`);
      if (mine !== turn) return;
      entries = [...entries, ...page.entries];
      next = page.next;
      draw();
    } catch (error) {
      if (mine === turn) renew(list, failure(error));
    }
  }

  function draw() {
    renew(list, ...(entries.length ? [tableOf(entries), next !== null && button(text("users.audit_older"), read, { class: "more" })] : [empty(text("users.audit_none"), text("users.audit_none_next"))]));
  }

  read();
  const spans = [...SPANS_DAYS.map((days) => [days, text(`forms.days.${days}`)]), [ALL, text("users.audit_all")]];
  const choices = [choice(text("forms.period"), spans, wanted.days, (days) => want({ days: days === ALL ? ALL : Number(days) })), filter];
  return el("section", {}, el("h3", { class: "heading" }, text("users.audit")), el("div", { class: "choices" }, choices), list);
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
