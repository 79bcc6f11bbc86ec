// One device: what is wrong and what to do next, its cameras, streams and alarms, what it runs.

import { addressOf, titleOf } from "./alerts.js";
import { now } from "./api.js";
import { drawCondition, drawMaintenance, wordsOf } from "./device_condition.js";
import { levelOf, levelOfTrouble, troublesOf, unwellThings } from "./device_health.js";
import { el } from "./dom.js";
import { isNumber, number, span, time } from "./format.js";
import { text } from "./language.js";
import { me } from "./me.js";
import { panel } from "./panels.js";
import { healthShape } from "./shapes_of_health.js";
import { severityShape } from "./shapes.js";
import { withCode } from "./telling.js";
import { ticking } from "./ticking.js";

const FAULTS = "camera_fault,sensor_fault,device_fault";
const REFRESH_MS = 10_000;
const SHORT = 8; // characters of a digest or a stream's name
const GAPS_SHOWN = 5;

export function openDevice(root, name) {
  const [whole, alarms] = [el("div", { class: "stack" }), el("section", { class: "figure" })];
  root.append(el("p", {}, el("a", { href: "#/devices" }, `← ${text("devices.heading")}`)), el("h2", {}, name), el("div", { class: "columns" }, whole, alarms));
  let mayOperate = false;
  const panels = [
    panel(whole, `/api/v1/devices/${encodeURIComponent(name)}`, (device) => drawDevice(device, mayOperate), { lost, everyMs: REFRESH_MS }),
    panel(alarms, `/api/v1/alerts?state=open&device=${encodeURIComponent(name)}&kind=${FAULTS}`, drawAlarms, { lost, everyMs: REFRESH_MS }),
  ];
  me().then(({ may }) => {
    mayOperate = may("operator");
    panels[0].draw();
  }, lost);
  return { close: () => panels.forEach((one) => one.close()) };
}

const lost = () => {}; // the frame says so

function drawDevice(device, mayOperate) {
  return [el("div", { class: "stack" }, drawMaintenance(device), state(device, mayOperate), drawCondition(device), facts(device), cameras(device), streams(device))];
}

/** How it fares in a word, and for each trouble what to do next. */
function state(device, mayOperate) {
  const troubles = troublesOf(device);
  const level = levelOf(device);
  const step = (name) => el("li", { class: levelOfTrouble(name) }, el("b", {}, name === "unwell" ? unwellThings(device).map(wordsOf).join(", ") : text(`devices.trouble.${name}`)), el("p", {}, withCode(text(`devices.next.${name}`))));
  return el(
    "section",
    { class: "figure" },
    el("p", { class: `health large ${level}` }, healthShape(level), text(`devices.level.${level}`)),
    troubles.length ? el("ul", { class: "next" }, troubles.map(step)) : el("p", { class: "note" }, text("devices.nothing_to_do")),
    el(
      "p",
      { class: "links" },
      device.road && device.cameras.length > 0 && el("a", { href: `#/traffic/${encodeURIComponent(device.road)}` }, text("devices.its_traffic")),
      mayOperate && [" ", el("a", { href: `#/silences/${encodeURIComponent(device.device)}` }, text("devices.silence_it"))],
    ),
  );
}

function facts(device) {
  const { outbox } = device;
  const rows = [
    ["online", [text(device.online ? "online" : "offline"), device.since && [" ", ...around("for_span", device.since)]]],
    ["site", [device.site, device.road !== device.site && device.road].filter(Boolean).join(" · ")],
    ["last", device.last_event_at ? [time(Date.parse(device.last_event_at), now()), " (", ticking(Date.parse(device.last_event_at)), ")"] : text("no_event_yet")],
    ["clock", [device.clock && text(`devices.clock.${device.clock}`), isNumber(device.clock_error_ms) && ` ± ${number(device.clock_error_ms)} ms`]],
    ["outbox", outbox && text("devices.waiting", { n: number(outbox.messages), oldest: isNumber(outbox.oldest_s) ? span(1000 * outbox.oldest_s) : "–" })],
    ["software", device.software],
    ["uptime", isNumber(device.uptime_s) && span(1000 * device.uptime_s)],
    ["stored", text("events", { n: number(device.events) })],
    ["unstored", device.unstored > 0 && number(device.unstored)],
    ["test", device.test && `${time(Date.parse(device.test.received_at), now())} · ${device.test.by}`],
    ["told", device.health_at && time(Date.parse(device.health_at), now())],
  ].filter(([, value]) => value && value.length !== 0);
  return el("section", { class: "figure" }, el("h3", {}, text("devices.facts")), el("dl", { class: "facts" }, rows.flatMap(([name, value]) => [el("dt", {}, text(`devices.fact.${name}`)), el("dd", {}, value)])));
}

function cameras(device) {
  if (device.cameras.length === 0) return el("section", { class: "figure" }, el("h3", {}, text("devices.cameras")), el("p", { class: "note" }, text("no_cameras")));
  const heads = ["camera", "state", "fps", "inference", "dropped", "restarts", "model", "scene"];
  const figure = (value, digits = 0) => (isNumber(value) ? number(value, digits) : "–");
  const row = (one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, one.name),
      el("td", { class: one.state && one.state !== "live" && "warning" }, one.state ? text(`devices.camera_state.${one.state}`) : "–"),
      el("td", {}, figure(one.fps, 1)),
      el("td", {}, figure(one.inference_ms)),
      el("td", {}, figure(one.dropped)),
      el("td", {}, figure(one.restarts)),
      el("td", { title: one.model_sha256 }, one.model),
      el("td", { title: one.scene_sha256 }, el("code", {}, one.scene_sha256.slice(0, SHORT))),
    );
  return section("devices.cameras", heads.map((name) => text(`devices.camera.${name}`)), device.cameras.map(row));
}

function streams(device) {
  const row = (one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", title: one.stream }, text(`devices.class.${one.class}`), " ", el("code", {}, one.stream.slice(0, SHORT))),
      el("td", {}, number(one.stored)),
      el("td", { class: one.missing.length > 0 && "warning" }, one.missing.length ? gaps(one.missing) : text("forms.none")),
      el("td", {}, one.lost_notices.length ? gaps(one.lost_notices) : text("forms.none")),
      el("td", {}, one.forked ? text("reason.forked") : ""),
    );
  const heads = ["stream", "stored", "missing", "lost", ""].map((name) => name && text(`devices.stream.${name}`));
  return section("devices.streams", heads, device.streams.map(row));
}

function section(heading, heads, rows) {
  const table = el("table", { class: "list" }, el("thead", {}, el("tr", {}, heads.map((head) => (head ? el("th", { scope: "col" }, head) : el("td"))))), el("tbody", {}, rows));
  return el("section", { class: "figure" }, el("h3", {}, text(heading)), rows.length ? el("div", { class: "wide", tabindex: "0" }, table) : el("p", { class: "note" }, text("forms.none")));
}

const gaps = (ranges) => [...ranges.slice(0, GAPS_SHOWN).map(([first, last]) => (first === last ? number(first) : `${number(first)}–${number(last)}`)), ...(ranges.length > GAPS_SHOWN ? ["…"] : [])].join(", ");

function drawAlarms({ alerts }) {
  const line = (alert) =>
    el("li", { class: `severity-${alert.severity}` }, el("span", { class: "severity" }, severityShape(alert.severity)), el("a", { href: addressOf(alert) }, titleOf(alert)), alert.detail.reason && ` · ${text(`reason.${alert.detail.reason}`)}`, el("span", { class: "note" }, [alert.camera && text("camera", { name: alert.camera }), time(Date.parse(alert.opened_at), now())].filter(Boolean).join(" · ")));
  return [el("h3", {}, text("devices.alarms")), alerts.length ? el("ul", { class: "alarms" }, alerts.map(line)) : el("p", { class: "note" }, text("devices.no_alarms"))];
}

/** The text `key` with its {span} replaced by one that grows. */
function around(key, since) {
  const [before, after] = text(key, { span: "\n" }).split("\n");
  return [before, ticking(Date.parse(since)), after];
}
