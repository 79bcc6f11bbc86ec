// The header and the footer: clock, place, connection, totals, and the switches for sound, theme and language.

import { clockSkewMs, now } from "./api.js";
import { byId, el, renew } from "./dom.js";
import { longDate, number, span, time } from "./format.js";
import { setLanguage, text } from "./language.js";
import { remember } from "./preferences.js";
import { resumeSound, soundState, toggleSound } from "./sound.js";

const SKEW_WORTH_SAYING_MS = 60_000;

/** Connects the switches; `redraw` is called after the language changed. */
export function connectSwitches(redraw) {
  byId("sound").addEventListener("click", () => toggleSound().then(showSwitches));
  byId("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
    showSwitches();
  });
  byId("wall").addEventListener("click", () => {
    const isWall = document.documentElement.toggleAttribute("data-wall");
    remember("wall", isWall ? "on" : "off");
    dispatchEvent(new Event("resize")); // lines have another height
    showSwitches();
  });
  document.querySelector("[data-switch=language]").addEventListener("click", (event) => {
    setLanguage(event.currentTarget.lang);
    redraw();
  });
  for (const gesture of ["click", "keydown"]) {
    document.addEventListener(gesture, (event) => {
      if (event.target !== byId("sound")) resumeSound().then(showSwitches); // the button itself decides on its own
    });
  }
  resumeSound().then(showSwitches); // a wall screen may be allowed to sound without a gesture
  showSwitches();
}

export function showSwitches() {
  byId("sound").textContent = text(`sound_${soundState()}`);
  byId("wall").textContent = text(document.documentElement.hasAttribute("data-wall") ? "wall_off" : "wall_on");
  byId("theme").textContent = text(document.documentElement.dataset.theme === "light" ? "theme_dark" : "theme_light");
}

export function showClock() {
  byId("clock").textContent = time(now(), now());
  byId("date").textContent = longDate(now());
  byId("skew").hidden = clockSkewMs() < SKEW_WORTH_SAYING_MS;
  byId("skew").textContent = text("skew", { span: span(clockSkewMs()) });
}

/** `lostAt` is null while live, undefined before the first answer, and else the moment of the last sign of life. */
export function showConnection(lostAt) {
  const words = lostAt === null ? text("live") : lostAt === undefined ? text("connecting") : text("reconnecting", { time: time(lostAt, now()) });
  byId("connection").className = lostAt === null ? "live" : "lost";
  byId("connection-words").textContent = words;
  byId("stale").hidden = !lostAt;
  byId("stale").textContent = lostAt ? text("stale", { time: time(lostAt, now()) }) : "";
}

export function showPlace(devices) {
  const sites = [...new Set(devices.map((one) => one.site).filter(Boolean))];
  byId("place").textContent = sites.length === 1 ? text("site_one", { site: sites[0] }) : sites.length ? text("sites", { n: number(sites.length) }) : text("subtitle");
}

/** The sums of the store, and whether the collector itself hears anything: silence must not look like peace. */
export function showSummary(summary) {
  byId("broker-lost").hidden = summary.broker?.connected !== false;
  const totals = [
    ["total_events", summary.events, false],
    ["total_missing", summary.missing, summary.missing > 0],
    ["total_dead_letters", summary.dead_letters, summary.dead_letters > 0],
    ["total_lost_notices", summary.lost_notices, summary.lost_notices > 0],
  ];
  renew(
    byId("totals"),
    totals.map(([name, value, isWarning]) => el("div", { class: isWarning && "warning" }, el("dt", {}, text(name)), el("dd", {}, number(value)))),
  );
}
