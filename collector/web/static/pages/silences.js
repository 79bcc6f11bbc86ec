// Silences and maintenance windows: which stand or are to come, a new one, and ending one. `#/silences/NAME` begins one of a device.

import { deleteJson, getJson, now, postJson } from "../api.js";
import { el, renew } from "../dom.js";
import { button, choice, submitted, written } from "../fields.js";
import { time } from "../format.js";
import { text } from "../language.js";
import { me } from "../me.js";
import { empty, failure, reasonOf } from "../telling.js";

const KINDS = [
  "stopped_vehicle", "wrong_way", "pedestrian", "congestion", "slow_vehicle", "speeding", "illegal_parking", "suspected_accident",
  "obstacle", "smoke", "fire", "flood", "camera_fault", "sensor_fault", "device_fault",
];
const LENGTHS_H = [0.5, 1, 4, 8, 24, 72, 168];
const NAMES = ["device", "camera", "lane", "kind"];
const REFRESH_MS = 15_000;
const HOUR_MS = 3600_000;

export function open(root, device) {
  const [list, form] = [el("div", {}, el("p", { class: "note" }, text("loading"))), el("div", {})];
  root.append(el("h2", {}, text("silences.heading")), el("p", { class: "note intro" }, text("silences.what")), el("div", { class: "columns" }, list, form));
  let may = false;

  async function refresh() {
    try {
      const { silences } = await getJson("/api/v1/silences");
      if (!list.contains(document.activeElement)) renew(list, drawList(silences, may && end));
    } catch (error) {
      renew(list, failure(error));
    }
  }

  async function end(silence, place) {
    try {
      await deleteJson(`/api/v1/silences/${silence.n}`);
      document.activeElement.blur();
      await refresh();
    } catch (error) {
      place.append(failure(error));
    }
  }

  me().then(async ({ may: mayDo }) => {
    may = mayDo("operator");
    if (may) renew(form, await makeForm(device, refresh));
    refresh();
  }, (error) => renew(list, failure(error)));
  const timer = setInterval(refresh, REFRESH_MS);
  return { close: () => clearInterval(timer) };
}

function drawList(silences, end) {
  if (silences.length === 0) return empty(text("silences.none"), text(end ? "silences.none_next" : "silences.only_operators"));
  return el("ul", { class: "entries" }, silences.map((one) => entry(one, end)));
}

function entry(silence, end) {
  const begins = Date.parse(silence.begins);
  const place = el("li", { class: "entry" });
  const stands = begins <= now();
  place.append(
    el("p", {}, el("span", { class: `remark ${stands ? "on" : ""}` }, text(stands ? "silences.stands" : "silences.to_come")), " ", el("b", {}, subjectOf(silence))),
    el("p", {}, text("from_to", { from: time(begins, now()), to: time(Date.parse(silence.ends), now()) })),
    el("p", { class: "note" }, `${silence.reason} · ${silence.author}`),
  );
  if (end) place.append(button(text(stands ? "silences.end" : "silences.cancel"), () => end(silence, place)));
  return place;
}

const subjectOf = (silence) =>
  NAMES.filter((name) => silence[name])
    .map((name) => (name === "kind" ? text(`forms.kind.${silence.kind}`) : name === "device" ? silence.device : text(name, { name: silence[name] })))
    .join(", ");

async function makeForm(device, refresh) {
  const { devices } = await getJson("/api/v1/devices?streams=false").catch(() => ({ devices: [] }));
  const fields = {
    device: written(text("silences.device"), { maxlength: 120, value: device }, devices.map((one) => one.device)),
    camera: written(text("silences.camera"), { maxlength: 120 }, [...new Set(devices.flatMap((one) => one.cameras))]),
    lane: written(text("silences.lane"), { maxlength: 120 }),
    kind: choice(text("silences.kind"), [["", text("silences.any_kind")], ...KINDS.map((kind) => [kind, text(`forms.kind.${kind}`)])], ""),
    begins: written(text("silences.begins"), { type: "datetime-local" }),
    hours: choice(text("silences.length"), LENGTHS_H.map((hours) => [hours, text(`silences.hours.${hours}`)]), 1),
    reason: written(text("silences.reason"), { maxlength: 500, required: "" }),
  };
  return submitted(text("silences.new"), Object.values(fields), text("silences.make"), async () => {
    const names = Object.fromEntries(NAMES.map((name) => [name, fields[name].field.value.trim() || null]));
    if (!Object.values(names).some(Boolean)) return text("silences.name_one");
    const begins = fields.begins.field.value ? new Date(fields.begins.field.value).getTime() : null;
    const ends = (begins ?? now()) + Number(fields.hours.field.value) * HOUR_MS;
    if (ends <= now()) return text("silences.past");
    try {
      await postJson("/api/v1/silences", { ...names, ...(begins && { begins: new Date(begins).toISOString() }), ends: new Date(ends).toISOString(), reason: fields.reason.field.value.trim() });
    } catch (error) {
      return reasonOf(error);
    }
    fields.reason.field.value = "";
    await refresh();
    return null;
  });
}
