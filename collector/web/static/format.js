// Numbers, times and spans as the reader's language writes them. Times are milliseconds since 1970.

import { language, locale, text } from "./language.js";

const formats = new Map();

export function number(value, digits = 0) {
  return format(`n${digits}`, (where) => new Intl.NumberFormat(where, { maximumFractionDigits: digits, minimumFractionDigits: digits })).format(value);
}

export function percent(share) {
  return `${number(share * 100)}${language() === "vi" ? "\u00a0%" : "%"}`;
}

/** 14:03:22, with the date in front when it is not today. */
export function time(ms, now) {
  const clock = format("t", (where) => new Intl.DateTimeFormat(where, { timeStyle: "medium", hourCycle: "h23" })).format(ms);
  return new Date(ms).toDateString() === new Date(now).toDateString() ? clock : `${date(ms)} ${clock}`;
}

export function minute(ms) {
  return format("m", (where) => new Intl.DateTimeFormat(where, { timeStyle: "short", hourCycle: "h23" })).format(ms);
}

export function date(ms) {
  return format("d", (where) => new Intl.DateTimeFormat(where, { day: "2-digit", month: "2-digit" })).format(ms);
}

export function longDate(ms) {
  return format("l", (where) => new Intl.DateTimeFormat(where, { weekday: "long", day: "numeric", month: "long" })).format(ms);
}

/** Two units at most: 45 s, 3 min 05 s, 2 h 40 min, 4 d 3 h. */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
  if (minutes === 0) return text("span.s", { s });
  if (hours === 0) return text("span.m", { m: minutes, s: padded(s % 60) });
  if (days === 0) return text("span.h", { h: hours, m: padded(minutes % 60) });
  return text("span.d", { d: days, h: hours % 24 });
}

/** Speed with its standard error as far as both are known; null without a speed. */
export function speed(kmh, standardError) {
  if (!isNumber(kmh)) return null;
  if (!isNumber(standardError)) return text("speed", { value: number(kmh) });
  const digits = standardError < 1 ? 1 : 0; // no more digits than are known
  return text("speed_with_error", { value: number(kmh, digits), error: number(standardError, digits) });
}

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

const padded = (n) => String(n).padStart(2, "0"); // a growing span keeps its width

function format(name, make) {
  const key = `${locale()} ${name}`;
  if (!formats.has(key)) formats.set(key, make(locale()));
  return formats.get(key);
}
