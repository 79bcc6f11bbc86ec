// How the device is: one verdict in words and colour, what to do, and the figures behind it.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { bytes, isNumber, number, span, time } from "../format.js";
import { text, word } from "../language.js";
import { shape } from "../shapes.js";
import { trendFigure } from "../trends.js";

const TRENDS_MS = 60_000;
const UNITS = { fps: "frames_unit", outbox: "messages_unit" }; // by the unit, or by what has none

export function open(root) {
  const parts = { verdict: el("section", { class: "verdict", role: "status" }), rest: el("div", { class: "panels" }) };
  const days = el("div", {});
  let [last, open] = ["", true];
  let waiting = 0;

  async function loadTrends() {
    const told = await pollJson("/api/v1/trends").catch(() => null);
    if (told?.trends.length && open) renew(days, panel("trend.heading", el("div", { class: "trends" }, told.trends.map(trendFigure))));
    if (open) waiting = setTimeout(loadTrends, TRENDS_MS);
  }

  loadTrends();
  return {
    close() {
      open = false;
      clearTimeout(waiting);
    },
    draw(overview) {
      if (!root.contains(parts.verdict)) renew(root, parts.verdict, parts.rest, days);
      const said = drawVerdict(overview.health);
      if (said.textContent + overview.health.level !== last) renew(parts.verdict, said); // a reader hears what changed only
      last = said.textContent + overview.health.level;
      parts.verdict.dataset.level = overview.health.level;
      renew(parts.rest, checks(overview.health), measures(overview.health.measures), overview.cameras.map(camera), link(overview.link), network(overview.network), outbox(overview.outbox), clock(overview.clock), sensors(), software(overview), visitors(overview.page));
    },
  };
}

function drawVerdict({ level, items }) {
  const unwell = items.filter((item) => item.level !== "ok");
  return el(
    "div",
    {},
    el("h2", {}, shape(level), text(`verdict.${level}`)),
    unwell.length === 0 && el("p", {}, text("verdict.ok.more")),
    el("ol", {}, unwell.map((item) => el("li", {}, el("strong", {}, `${topic(item)}: ${word("said", item.said)}`), item.todo && el("p", {}, word("todo", item.todo))))),
  );
}

/** `camera/north` is told as Camera north. */
function topic({ id }) {
  const [name, ...rest] = id.split("/");
  return [word("topics", name), ...rest].join(" ");
}

function checks({ items }) {
  const line = (item) =>
    el("li", { "data-level": item.level }, shape(item.level), el("span", {}, topic(item)), el("span", { class: "said" }, word("said", item.said), " ", el("b", {}, valueOf(item)), item.since && el("span", { class: "aside" }, ` ${text("since", { time: time(Date.parse(item.since)) })}`)));
  return panel("checks", el("ul", { class: "checks" }, items.map(line)));
}

/** What the agent does by itself for a device that is unwell; nothing where it does nothing. */
function measures({ frame_share, thinned, telemetry, held, unkept }) {
  const rows = [["measures.share", frame_share < 1 && `${number(100 * frame_share)} % (−${number(thinned)})`], ["measures.held", !telemetry && number(held)], ["measures.unkept", unkept > 0 && number(unkept)]].filter(([, value]) => value);
  return rows.length > 0 && panel("measures", figures(rows));
}

function valueOf({ id, value, unit }) {
  if (typeof value === "string") return value;
  if (!isNumber(value)) return "";
  if (unit === "B") return bytes(value);
  const known = UNITS[unit || id];
  const words = known ? text(known) : unit;
  return `${number(value, Number.isInteger(value) || value >= 100 ? 0 : 1)}${words ? ` ${words}` : ""}`;
}

function camera(one) {
  const state = one.fault ? word("reasons", one.fault) : text(`state.${one.state}`);
  const rows = [
    ["frame_age", isNumber(one.frame_age_s) ? text("ago", { span: span(one.frame_age_s) }) : "–"],
    ["detector_ms", `${number(one.inference_ms)} ms`],
    ["dropped", number(one.dropped)],
    ["spared", number(one.spared)],
    ["restarts", number(one.restarts)],
    ["open_incidents", one.open_incidents.length ? one.open_incidents.map((kind) => word("kinds", kind)).join(", ") : text("nothing")],
  ];
  const rate = text("frames_of", { fps: number(one.fps, 1), asked: number(one.asked_fps) });
  return section(text("camera", { name: one.name }), el("p", { class: "state", "data-level": one.level }, shape(one.level), `${state} · ${rate}`), one.said && el("p", { class: "note", lang: "en" }, one.said), figures(rows));
}

const yes = (is) => text(is ? "yes" : "no");

function link(one) {
  const rows = [["connected", yes(one.connected)], ["collector_online", yes(one.collector_online)], ["broker", one.broker], ["tls", yes(one.tls)], ["connections", number(one.connections)], ["resent", number(one.resent)], ["refused", number(one.refused)]];
  return panel("link", figures(rows), el("p", { class: "note", lang: "en" }, one.said));
}

function network(ways) {
  const of = (one) => {
    const rows = [["net.addresses", one.addresses.join(", ") || "–"], ["net.signal", isNumber(one.signal_dbm) ? `${number(one.signal_dbm)} dBm` : null], ["net.speed", isNumber(one.speed_mbps) ? `${number(one.speed_mbps)} Mbit/s` : null], ["net.received", bytes(one.received_bytes)], ["net.sent", bytes(one.sent_bytes)], ["net.errors", number(one.errors)]];
    return [el("p", { class: "state" }, `${one.name} · ${text(one.up ? "net.up" : "net.down")}`), figures(rows.filter(([, value]) => value !== null))];
  };
  return panel("network", ways.length ? ways.map(of) : text("nothing"));
}

function outbox(one) {
  const rows = [["waiting", number(one.pending)], ["oldest", isNumber(one.oldest_s) ? span(one.oldest_s) : "–"], ["used", `${bytes(one.bytes)} / ${bytes(one.max_bytes)}`], ["lost", number(one.lost + one.unstored)]];
  return panel("outbox", figures(rows));
}

function clock(one) {
  const off = Date.parse(one.now) - Date.now();
  const rows = [["now", time(Date.parse(one.now))], ["off", `${off < 0 ? "−" : "+"}${span(Math.abs(off) / 1000)}`], ["synced", yes(one.synced)], ["error_ms", isNumber(one.error_ms) ? `${number(one.error_ms)} ms` : "–"]];
  return panel("clock", figures(rows));
}

/** The agent reads none yet. */
const sensors = () => panel("sensors", el("p", { class: "note" }, text("sensors.none")));

function software(one) {
  const rows = [["device", one.device], ["site", one.site || "–"], ["version", one.software], ["model", one.model], ["running_for", span(one.health.uptime_s)]];
  return panel("software", figures(rows), el("p", { class: "note" }, `SHA-256 ${one.model_sha256}`));
}

function visitors(one) {
  const sum = (counts) => number(Object.values(counts).reduce((all, count) => all + count, 0));
  const turnedAway = sum({ ...one.turned_away, no_handshake: 0 }); // a browser that warns of the certificate ends its handshakes itself
  const rows = [["page.inside", `${number(one.connections)} / ${number(one.most_connections)}`], ["page.turned_away", turnedAway], ["page.refused", sum(one.refused)], ["page.announced", text(`announced.${one.announced}`)]];
  return panel("page", figures(rows));
}

const panel = (key, ...inside) => section(text(key), ...inside);
const section = (heading, ...inside) => el("section", { class: "panel" }, el("h2", {}, heading), ...inside);
const figures = (rows) => el("dl", {}, rows.map(([key, value]) => el("div", {}, el("dt", {}, text(key)), el("dd", {}, value))));
