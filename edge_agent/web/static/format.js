// Numbers, times and spans as the reader's language writes them. Times are milliseconds since 1970.

import { locale, text } from "./language.js";

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

export const percent = (share) => `${number(share * 100)}\u00a0%`;

/** 14:03:22, with the date in front when it is not the day of `now`. */
export function time(ms, now = Date.now()) {
  const clock = new Intl.DateTimeFormat(locale(), { timeStyle: "medium", hourCycle: "h23" }).format(ms);
  if (new Date(ms).toDateString() === new Date(now).toDateString()) return clock;
  return `${new Intl.DateTimeFormat(locale(), { day: "2-digit", month: "2-digit" }).format(ms)} ${clock}`;
}

export function bytes(value) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${number(value / 1000 ** power, power ? 1 : 0)} ${["B", "kB", "MB", "GB"][power]}`;
}

/** Two units at most: 45 s, 3 min 05 s, 2 h 40 min, 4 d 3 h. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
  if (minutes === 0) return text("span.s", { s });
  if (hours === 0) return text("span.m", { m: minutes, s: padded(s % 60) });
  if (days === 0) return text("span.h", { h: hours, m: padded(minutes % 60) });
  return text("span.d", { d: days, h: hours % 24 });
}

const padded = (n) => String(n).padStart(2, "0");
