// What else happened: what belongs to an alert, and what was told at the same place within an hour.

import { placeOf } from "./alert_card.js";
import { addressOf, beganAt, encodedId, isLive, titleOf } from "./alerts.js";
import { AnswerError, getJson, now } from "./api.js";
import { el } from "./dom.js";
import { time } from "./format.js";
import { text } from "./language.js";
import { severityShape } from "./shapes.js";

const AROUND_MS = 3600_000;
const MOST = 30;

/** {group, nearby}: alerts, the newest first, without the alert itself. */
export async function loadAround(alert) {
  const began = beganAt(alert);
  const when = { from: new Date(began - AROUND_MS).toISOString(), to: new Date(began + AROUND_MS).toISOString() };
  const where = await samePlace(alert);
  const { alerts } = await getJson(`/api/v1/alerts?${new URLSearchParams({ ...when, ...where, limit: 200 })}`);
  const heads = [alert.group, alert.because].filter((id) => id && id !== alert.id && !alerts.some((one) => one.id === id));
  const others = [...alerts, ...(await Promise.all(heads.map(one))).filter(Boolean)].filter(({ id }) => id !== alert.id);
  const group = alert.group ?? alert.id;
  const belongs = (other) => other.group === group || other.id === group;
  others.sort((a, b) => beganAt(b) - beganAt(a));
  return { group: others.filter(belongs), nearby: others.filter((other) => !belongs(other)).slice(0, MOST) };
}

/** All sites of its road; else its site; else what its device tells. */
async function samePlace(alert) {
  const { sites } = await getJson("/api/v1/map").catch(() => ({ sites: [] }));
  const road = sites.find(({ site }) => site === alert.device || site === alert.site)?.road;
  const along = sites.filter((other) => road && other.road === road && !other.site.includes(",")).map(({ site }) => site);
  if (along.length > 0 && along.length <= 20 && alert.site) return { site: [...new Set([...along, alert.site])].join(",") };
  return alert.site && !alert.site.includes(",") ? { site: alert.site } : { device: alert.device };
}

async function one(id) {
  try {
    return (await getJson(`/api/v1/alerts/${encodedId(id)}`)).alert;
  } catch (error) {
    if (error instanceof AnswerError) return null; // silences are named there, too, and old alerts are deleted
    throw error;
  }
}

export function drawAround(alert, { group, nearby }) {
  return [
    group.length > 0 && [el("h3", {}, text("alert.group")), list(group)],
    [el("h3", {}, text("alert.nearby")), nearby.length > 0 ? list(nearby) : el("p", { class: "note" }, text("alert.nothing_nearby"))],
  ].flat();
}

function list(alerts) {
  return el("ul", { class: "others" }, alerts.map(line));
}

function line(alert) {
  return el(
    "li",
    { class: `severity-${alert.severity}${isLive(alert) ? "" : " over"}` },
    severityShape(alert.severity),
    el("time", {}, time(beganAt(alert), now())),
    el("span", {}, el("a", { href: addressOf(alert) }, titleOf(alert)), el("span", { class: "aside" }, ` · ${placeOf(alert)} · ${text(`state.${alert.state}`)}`)),
  );
}
