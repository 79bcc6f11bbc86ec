// One alert as a card. The card stays the same element for as long as the alert is shown; `fill` renews what it says.

import { now } from "./api.js";
import { addressOf, beganAt, clockOf, endedAt, isLive, isLoud, titleOf } from "./alerts.js";
import { deedsOf } from "./deeds.js";
import { el, renew } from "./dom.js";
import { isNumber, minute, number, percent, span, speed, time } from "./format.js";
import { language, text } from "./language.js";
import { pictureOf, severityShape } from "./shapes.js";
import { ticking } from "./ticking.js";

const LONGEST_RAW_TEXT = 200;
const SHOWN_IN_WORDS = ["ended_by", "level", "reason", "zones", "evidence"];
const SHOWN_IN_METRES = ["queue_m", "depth_m", "distance_m"];

export function makeCard() {
  const heading = el("div", { class: "content" });
  const facts = el("dl");
  const more = el("summary");
  const deeds = el("div");
  const element = el("li", { class: "card", tabindex: "-1" }, heading, el("details", {}, more, deeds, facts));
  return { element, heading, more, deeds, facts, language: null };
}

export function fill(card, alert) {
  card.element.className = `card ${isLive(alert) ? "open" : "closed"} severity-${alert.severity}${isLoud(alert) ? " loud" : ""}`;
  card.element.dataset.id = alert.id;
  if (card.language !== language()) renew(card.deeds, deedsOf(alert.id)); // else what is typed there stays
  card.language = language();
  renew(
    card.heading,
    el("p", { class: "badges" }, badge(alert), duration(alert)),
    el("h3", {}, el("a", { href: addressOf(alert) }, titleOf(alert))),
    alert.box && pictureOf(alert.box),
    el("p", { class: "where" }, places(alert).map((place) => [el("span", {}, place), " "])),
    el("p", { class: "remarks" }, remarks(alert)),
    el("p", { class: "when" }, parts(alert).map((part, i) => [i > 0 && " · ", el("span", {}, part)])),
    el("ul", { class: "road-users" }, alert.road_users.map(roadUser)),
  );
  card.more.textContent = text("more");
  renew(card.facts, facts(alert).flatMap(([name, value]) => [el("dt", {}, text(`fact.${name}`)), el("dd", {}, value)]));
}

/** Where it is, from the lane to the device, as far as the alert says. */
export const placeOf = (alert) => places(alert).join(", ");

export function places({ lane, camera, sensor, device }) {
  return [lane && text("lane", { name: lane }), camera && text("camera", { name: camera }), sensor && text("sensor", { name: sensor }), device].filter(Boolean);
}

export function badge(alert) {
  return el("span", { class: "severity" }, severityShape(alert.severity), text(`severity.${alert.severity}`));
}

/** What makes its times worth a second look: they came late, or of a clock that was not set. */
export function remarks(alert) {
  const clock = clockOf(alert);
  return [
    alert.said?.by && el("span", { class: `remark said ${alert.state}`, title: alert.said.reason || null }, text("said_by", { state: text(`state.${alert.state}`), by: alert.said.by })),
    alert.said?.verdict === "confirmed" && alert.state !== "confirmed" && el("span", { class: "remark" }, text("state.confirmed")),
    alert.group && el("span", { class: "remark", title: alert.group }, text("grouped")),
    alert.quiet && el("span", { class: "remark", title: alert.because }, text(`quiet.${alert.quiet}`)),
    alert.maintenance && alert.quiet !== "maintenance" && el("span", { class: "remark", title: text("maintenance_why", { time: minute(Date.parse(alert.maintenance)) }) }, text("maintenance")),
    alert.late && el("span", { class: "remark", title: text("late_why") }, text("late")),
    clock !== "set" && el("span", { class: "remark", title: text(`clock_why.${clock}`) }, text(`clock.${clock}`)),
  ];
}

function duration(alert) {
  const began = beganAt(alert);
  const value = isLive(alert) ? ticking(began, { class: "span" }) : el("span", { class: "span" }, span(endedAt(alert) - began));
  return el("span", { class: "duration" }, el("span", { class: "label" }, text(isLive(alert) ? "lasting" : "lasted")), " ", value);
}

function when(alert) {
  const from = time(beganAt(alert), now());
  if (isLive(alert) || (alert.state === "closed" && !alert.ended_at)) return text("since", { time: from });
  return text("from_to", { from, to: time(endedAt(alert), now()) });
}

export const parts = (alert) => [when(alert), text("confidence", { value: percent(alert.confidence) }), ...known(told(alert))];

/** The details, and what ended it: its device says that there, the collector in a field of its own. */
const told = (alert) => ({ ...alert.detail, ended_by: alert.ended_by ?? alert.detail.ended_by });

/** The details that an operator acts on: how it ended, level, cause, queue. */
function known(detail) {
  const words = SHOWN_IN_WORDS.filter((name) => typeof detail[name] === "string").map((name) => `${text(`fact.${name}`)} ${text(`${name}.${detail[name]}`)}`);
  const metres = SHOWN_IN_METRES.filter((name) => isNumber(detail[name])).map((name) => `${text(`fact.${name}`)} ${text("metres", { value: number(detail[name], detail[name] < 10 ? 1 : 0) })}`);
  return [...words, ...metres];
}

export function roadUser(user) {
  const kmh = speed(user.speed_kmh, user.speed_se_kmh);
  return el("li", {}, text(`class.${user.class}`), kmh && [" ", el("b", { title: text("speed_error_why") }, kmh)]);
}

export function facts(alert) {
  const at = (moment) => moment && time(Date.parse(moment), now());
  const position = alert.position && `${number(alert.position.lat, 5)}  ${number(alert.position.lon, 5)}`;
  const { ended_by } = told(alert);
  const clock = clockOf(alert);
  const rest = Object.entries(alert.detail).filter(([name]) => !SHOWN_IN_WORDS.includes(name) && !SHOWN_IN_METRES.includes(name));
  return [
    ["id", alert.id],
    ["site", alert.site],
    ["opened_at", at(alert.opened_at)],
    ["updated_at", clock !== "unset" && at(alert.updated_at)],
    ["received_at", at(alert.received_at)],
    ["position", position],
    ["said_reason", alert.said?.reason],
    ["group", alert.group],
    ["ending", typeof ended_by === "string" && text(`ending.${ended_by}`)],
    ["clock", clock !== "set" && text(`clock_why.${clock}`)],
    ["revision", number(alert.revision)],
    ...rest.map(([name, value]) => [name, raw(value)]),
  ].filter(([, value]) => value);
}

function raw(value) {
  const written = typeof value === "string" ? value : JSON.stringify(value);
  return written.length > LONGEST_RAW_TEXT ? `${written.slice(0, LONGEST_RAW_TEXT)}…` : written;
}
