// The alerts that this console knows, and who wants to hear of changes. app.js keeps them up to date, pages draw them.

import { Alerts } from "./alerts.js";

const PAUSE_MS = 100; // a storm of changes is drawn ten times a second

export const alerts = new Alerts();

let loaded = false;
export const isLoaded = () => loaded;

const watchers = new Set();
let timer = null;
let drawnMs = 0;

/** `changed()` is called soon after alerts changed, once for however many. Call what it gives to end that. */
export function watch(changed) {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

/** Takes in alerts; those that call for attention are given back. */
export function takeIn(arrived) {
  const news = arrived.filter((alert) => alerts.merge(alert));
  timer ??= setTimeout(drawNow, Math.max(0, drawnMs + PAUSE_MS - Date.now()));
  return news;
}

export function drawNow() {
  clearTimeout(timer);
  timer = null;
  drawnMs = Date.now();
  for (const changed of [...watchers]) changed();
}

/** From now on an empty list means that there are none. */
export function markLoaded() {
  loaded = true;
  drawNow();
}
