// The console: what is known, where it comes from, and what stands around every page. Pages are opened by router.js.

import { announce, showCounts } from "./announcing.js";
import { AnswerError, getJson, now } from "./api.js";
import { connectDeeds, drawHelp } from "./deeds.js";
import { byId } from "./dom.js";
import { time } from "./format.js";
import { connectSwitches, showClock, showConnection, showPlace, showSwitches, showSummary } from "./header.js";
import { alerts, drawNow, isLoaded, takeIn, watch } from "./known.js";
import { text, translatePage } from "./language.js";
import { loadAlerts } from "./loading.js";
import { connectPages, drawPage } from "./router.js";
import { follow } from "./stream.js";
import { tick } from "./ticking.js";

const REFRESH_MS = 5000;

let lostAt; // see showConnection
let summary = null; // the last one

/** The first load fills the page in silence. */
function hear(arrived) {
  const news = takeIn(arrived);
  if (isLoaded()) announce(news);
}

async function refreshSummary() {
  try {
    showSummary((summary = await getJson("/api/v1/summary")));
    byId("summary-failed").hidden = true;
  } catch (error) {
    if (!(error instanceof AnswerError)) connection.lost();
    byId("summary-failed").textContent = text("failed_panel", { time: time(now(), now()) });
    byId("summary-failed").hidden = false;
  }
  setTimeout(refreshSummary, REFRESH_MS);
}

function drawAll() {
  translatePage();
  showSwitches();
  showClock();
  showConnection(lostAt);
  showCounts(alerts);
  drawHelp();
  drawPage();
  if (summary) showSummary(summary);
}

function setLost(moment) {
  lostAt = moment;
  showConnection(lostAt);
}

translatePage();
connectSwitches(drawAll);
connectDeeds((alert) => {
  hear([alert]);
  drawNow();
});
showClock();
showConnection(lostAt);
watch(() => showCounts(alerts));
const connection = follow({
  load: () => loadAlerts(hear),
  onAlert: (alert) => hear([alert]),
  onLive: () => setLost(null),
  onLost: () => setLost(lostAt ?? now()),
});
connectPages({ lost: connection.lost });
refreshSummary();
setInterval(() => {
  tick();
  showClock();
}, 1000);
