// How good alerts are by people's verdicts: per kind, then per rule, camera and model; and rules on trial beside live ones.

import { getJson, now } from "../api.js";
import { el, renew, svg } from "../dom.js";
import { choice } from "../fields.js";
import { isNumber, number, percent } from "../format.js";
import { text } from "../language.js";
import { empty, failure } from "../telling.js";

const DAY_MS = 86_400_000;
const SPANS_DAYS = [7, 30, 90, 365];
const DEFAULT_DAYS = 30;
const FIGURES = ["alerts", "confirmed", "rejected", "unjudged", "precision", "false_alarms", "delay"];

export function open(root) {
  const content = el("div", { class: "stack" }, el("p", { class: "note" }, text("loading")));
  const spans = SPANS_DAYS.map((days) => [days, text(`forms.days.${days}`)]);
  let turn = 0;
  root.append(
    el("h2", {}, text("scorecard.heading")),
    el("p", { class: "note intro" }, text("scorecard.what")),
    el("div", { class: "choices" }, choice(text("forms.period"), spans, DEFAULT_DAYS, (days) => ask(Number(days)))),
    content,
  );

  async function ask(days) {
    const mine = ++turn;
    const from = new Date(now() - days * DAY_MS).toISOString();
    try {
      const card = await getJson(`/api/v1/scorecard?${new URLSearchParams({ from })}`);
      if (mine === turn) renew(content, drawCard(card));
    } catch (error) {
      if (mine === turn) renew(content, failure(error));
    }
  }

  ask(DEFAULT_DAYS);
}

function drawCard({ totals, rules, shadow }) {
  if (totals.length === 0 && shadow.length === 0) return [empty(text("scorecard.none"), text("scorecard.none_next"))];
  return [
    totals.every(({ precision }) => precision === null) && empty(text("scorecard.unjudged_all"), text("scorecard.unjudged_next")),
    table("scorecard.by_kind", ["kind"], FIGURES, totals, (one) => [text(`forms.kind.${one.kind}`)], figuresOf),
    table("scorecard.by_rule", ["kind", "camera", "rule", "model"], FIGURES, rules, (one) => [text(`forms.kind.${one.kind}`), `${one.device} · ${one.camera}`, number(one.rule_version), one.model ?? "–"], figuresOf),
    trial(shadow),
  ];
}

const figuresOf = (one) => [number(one.alerts), number(one.confirmed), number(one.rejected), number(one.unjudged), precision(one), falseAlarms(one), isNumber(one.delay_s) ? text("scorecard.seconds", { n: number(one.delay_s, 1) }) : "–"];

/** The share with its interval, in figures and as a bar. */
function precision({ precision: share, precision_95: interval }) {
  if (!isNumber(share)) return el("span", { class: "none" }, text("scorecard.nobody"));
  const [low, high] = interval.map((one) => 100 * one);
  const picture = svg(
    "svg",
    { class: "interval", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "whole", width: 100, height: 10 }),
    svg("rect", { class: "within", x: low, width: Math.max(1, high - low), height: 10 }),
    svg("rect", { class: "at", x: Math.min(98, Math.max(0, 100 * share - 1)), width: 2, height: 10 }),
  );
  return [el("b", {}, percent(share)), " ", el("span", { class: "note" }, `${number(low)}–${percent(high / 100)}`), picture];
}

function falseAlarms({ false_per_camera_day: rate, false_per_camera_day_95: interval, camera_days: days }) {
  if (!isNumber(rate)) return el("span", { class: "none" }, text("scorecard.not_watched"));
  const [low, high] = interval.map((one) => number(one, one < 10 ? 2 : 0));
  return [el("b", {}, number(rate, 2)), " ", el("span", { class: "note" }, `${low}–${high} · ${text("scorecard.camera_days", { n: number(days, days < 10 ? 1 : 0) })}`)];
}

function trial(shadow) {
  if (shadow.length === 0) return el("section", { class: "figure" }, el("h3", {}, text("scorecard.trial")), el("p", { class: "note" }, text("scorecard.no_trial")));
  const figures = ["incidents", "confirmed", "rejected", "unjudged", "alone", "missed_confirmed", "spared_rejected"];
  return table("scorecard.trial", ["kind", "camera", "rule"], figures.map((name) => `trial_${name}`), shadow, (one) => [text(`forms.kind.${one.kind}`), `${one.device} · ${one.camera}`, number(one.rule_version)], (one) => figures.map((name) => number(one[name])));
}

/** `names(one)` are the heads of a row, `figures(one)` its cells. */
function table(heading, nameHeads, figureHeads, rows, names, figures) {
  const head = (name) => el("th", { scope: "col", title: text(`scorecard.why.${name}`) === name ? null : text(`scorecard.why.${name}`) }, text(`scorecard.column.${name}`));
  const row = (one) => el("tr", {}, names(one).map((name, i) => el(i === 0 ? "th" : "td", { scope: i === 0 && "row" }, name)), figures(one).map((cell) => el("td", { class: "number" }, cell)));
  return el(
    "section",
    { class: "figure" },
    el("h3", {}, text(heading)),
    el("div", { class: "wide", tabindex: "0" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, [...nameHeads, ...figureHeads].map(head))), el("tbody", {}, rows.map(row)))),
  );
}
