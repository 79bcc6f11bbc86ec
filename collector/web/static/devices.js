// The devices: who is online, what was last heard of them, and what is missing.

import { maintenanceMark } from "./device_condition.js";
import { el } from "./dom.js";
import { number } from "./format.js";
import { text } from "./language.js";
import { stateShape } from "./shapes.js";
import { ticking } from "./ticking.js";

/** At most so many, those in trouble first; the rest is on a page of its own. */
export function drawDevices(devices, most = Infinity) {
  if (devices.length === 0) return [el("p", { class: "empty" }, text("no_devices"))];
  const silentFirst = [...devices].sort((a, b) => a.online - b.online || (a.device < b.device ? -1 : 1));
  const rest = devices.length - most;
  return [el("ul", { class: "devices" }, silentFirst.slice(0, most).map(device)), rest > 0 && el("p", { class: "note" }, el("a", { href: "#/devices" }, text("more_devices", { n: number(rest) })))];
}

export function countOnline(devices) {
  return text("devices_online", { online: number(devices.filter((one) => one.online).length), all: number(devices.length) });
}

function device(one) {
  const cameras = one.cameras.join(", ");
  return el(
    "li",
    { class: one.online ? "online" : "offline" },
    el("h3", {}, one.device),
    el("p", { class: "state" }, stateShape(one.online), text(one.online ? "online" : "offline"), !one.online && one.since && forSpan(one.since)),
    maintenanceMark(one),
    el("p", { class: "note" }, [one.site, cameras ? text("camera", { name: cameras }) : text("no_cameras"), one.software].filter(Boolean).join(" · ")),
    el(
      "p",
      { class: "note" },
      ...(one.last_event_at ? aroundSpan("last_event", one.last_event_at) : [text("no_event_yet")]),
      ` · ${text("events", { n: number(one.events) })}`,
      one.missing > 0 && [" · ", el("b", { class: "warning" }, text("missing", { n: number(one.missing) }))],
    ),
  );
}

const forSpan = (since) => el("span", { class: "aside" }, ...aroundSpan("for_span", since));

/** The text `key` with its {span} replaced by a ticking one. */
function aroundSpan(key, since) {
  const [before, after] = text(key, { span: "\n" }).split("\n");
  return [before, ticking(Date.parse(since)), after];
}
