// The console: what is known, where it comes from, and when it is drawn.

import { announce, showAlerts } from "./alert_list.js";
import { Alerts, isLoud } from "./alerts.js";
import { AnswerError, getJson, now } from "./api.js";
import { countOnline, drawDevices } from "./devices.js";
import { connectDeeds, drawHelp } from "./deeds.js";
import { byId, renew } from "./dom.js";
import { time } from "./format.js";
import { connectSwitches, showClock, showConnection, showPlace, showSwitches, showSummary } from "./header.js";
import { text, translatePage } from "./language.js";
import { ring } from "./sound.js";
import { follow } from "./stream.js";
import { tick } from "./ticking.js";
import { drawTraffic } from "./traffic.js";

const REFRESH_MS = 5000;
const MOST_OPEN = 500;
const CLOSED_SHOWN = 30;

const alerts = new Alerts();
let loaded = false; // the first load fills the page in silence
let lostAt; // see showConnection
const answers = {}; // the last answer of each panel: {devices, traffic, summary}

const panels = {
  devices: { path: "/api/v1/devices", draw: drawDevicesPanel },
  traffic: { path: "/api/v1/traffic?minutes=1", draw: ({ minutes }) => renew(byId("traffic"), drawTraffic(minutes)) },
  summary: { path: "/api/v1/summary", draw: showSummary },
};

/** Closed ones first: one that ends between the two requests is then missing below, rather than shown as open for ever. */
async function loadAlerts() {
  const { alerts: closed } = await getJson(`/api/v1/alerts?state=closed&limit=${CLOSED_SHOWN}`);
  const { alerts: open } = await getJson(`/api/v1/alerts?state=open&limit=${MOST_OPEN}`);
  alerts.keepOnly([...closed, ...open]);
  takeIn([...closed, ...open]);
  loaded = true;
  return Math.max(0, ...open.map((alert) => alert.seq), ...closed.map((alert) => alert.seq));
}

function takeIn(arrived) {
  const news = arrived.filter((alert) => alerts.merge(alert));
  showAlerts(alerts);
  if (!loaded || news.length === 0) return;
  announce(news);
  if (news.some(isLoud)) ring();
}

async function refresh() {
  try {
    await Promise.all(Object.keys(panels).map(refreshPanel));
  } catch (error) {
    console.warn(`panels: ${error.message}`);
    connection.lost();
  }
  setTimeout(refresh, REFRESH_MS);
}

async function refreshPanel(name) {
  try {
    answers[name] = await getJson(panels[name].path);
    panels[name].draw(answers[name]);
    byId(`${name}-failed`).hidden = true;
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    byId(`${name}-failed`).textContent = text("failed_panel", { time: time(now(), now()) });
    byId(`${name}-failed`).hidden = false;
  }
}

function drawDevicesPanel({ devices }) {
  renew(byId("devices"), drawDevices(devices));
  byId("devices-online").textContent = countOnline(devices);
  showPlace(devices);
}

function drawAll() {
  translatePage();
  showAlerts(alerts, { all: true });
  showSwitches();
  showClock();
  showConnection(lostAt);
  drawHelp();
  for (const [name, answer] of Object.entries(answers)) panels[name].draw(answer);
}

function setLost(moment) {
  lostAt = moment;
  showConnection(lostAt);
}

translatePage();
connectSwitches(drawAll);
connectDeeds((id) => alerts.of(id), (alert) => takeIn([alert]));
showClock();
showConnection(lostAt);
const connection = follow({
  load: loadAlerts,
  onAlert: (alert) => takeIn([alert]),
  onLive: () => setLost(null),
  onLost: () => setLost(lostAt ?? now()),
});
refresh();
setInterval(() => {
  tick();
  showClock();
}, 1000);
