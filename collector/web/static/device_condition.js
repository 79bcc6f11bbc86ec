// What a device says of itself: who works at it, how its things are, its figures. The words come with the answer.

import { now } from "./api.js";
import { el } from "./dom.js";
import { isNumber, minute, number, percent, span, time } from "./format.js";
import { language, text } from "./language.js";
import { healthShape, wrenchShape } from "./shapes_of_health.js";

const LEVELS = { ok: "well", warn: "mild", bad: "bad" };
const GIGA = 1e9;

/** `Temperature: too hot` */
export const wordsOf = (item) => `${item.name[language()]}: ${item.words[language()]}`;

export const maintenanceWords = ({ until, by }) => text("devices.maintenance", { time: minute(Date.parse(until)), by });

/** A wrench and until when; nothing where nobody works. */
export const maintenanceMark = ({ maintenance }) => maintenance && el("span", { class: "health maintenance", title: maintenance.reason || null }, wrenchShape(), maintenanceWords(maintenance));

export function drawMaintenance({ maintenance }) {
  if (!maintenance) return null;
  const left = text("devices.maintenance_left", { span: span(Date.parse(maintenance.until) - now()) });
  return el(
    "section",
    { class: "figure work" },
    el("p", { class: "health large maintenance" }, wrenchShape(), maintenanceWords(maintenance)),
    el("p", {}, [maintenance.reason, left].filter(Boolean).join(" · ")),
    el("p", { class: "note" }, text("devices.maintenance_means")),
  );
}

/** Its things, the worst first, and its figures. */
export function drawCondition({ health, machine, frame_share: share, health_at: at }) {
  const rows = figures(machine ?? {}, share);
  if (!health && rows.length === 0) return null;
  const item = (one) => el("li", { class: `health ${LEVELS[one.level]}` }, healthShape(LEVELS[one.level]), el("b", {}, one.name[language()]), " ", el("span", {}, one.words[language()]));
  return el(
    "section",
    { class: "figure" },
    el("h3", {}, text("devices.condition")),
    health && [el("ul", { class: "things" }, health.items.map(item)), el("p", { class: "note" }, text("devices.told_at", { time: time(Date.parse(health.told_at), now()) }))],
    rows.length > 0 && [el("dl", { class: "facts" }, rows.flatMap(([name, value]) => [el("dt", {}, text(`devices.machine.${name}`)), el("dd", {}, value)])), el("p", { class: "note" }, text("devices.figures_at", { time: time(Date.parse(at), now()) }))],
  );
}

function figures(machine, share) {
  const giga = (bytes) => isNumber(bytes) && `${number(bytes / GIGA, 1)} GB`;
  const rows = [
    ["temperature", isNumber(machine.temperature_c) && `${number(machine.temperature_c, 1)} °C`],
    ["throttled", machine.throttled && text("devices.yes")],
    ["undervoltage", machine.undervoltage && text("devices.yes")],
    ["frame_share", isNumber(share) && share < 1 && percent(share)],
    ["cpu", isNumber(machine.cpu_busy) && percent(machine.cpu_busy)],
    ["memory", giga(machine.memory_available_bytes)],
    ["own", giga(machine.own_bytes)],
    ["disk", giga(machine.disk_free_bytes)],
    ["worn", isNumber(machine.disk_worn) && percent(machine.disk_worn)],
  ];
  return rows.filter(([, value]) => value);
}
