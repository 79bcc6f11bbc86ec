// What stands on the map: a mark for each site, and one for alerts that are so near to each other that they would overlap.

import { SEVERITIES, addressOf, titleOf } from "./alerts.js";
import { placeOf } from "./alert_card.js";
import { maintenanceMark } from "./device_condition.js";
import { el } from "./dom.js";
import { number } from "./format.js";
import { text } from "./language.js";
import { severityShape, stateShape } from "./shapes.js";
import { wrenchShape } from "./shapes_of_health.js";

const NEAR_PX = 44;
const LISTED = 8; // alerts in one popup

/** Alerts with their places, those of their sites where they tell none themselves; and those that have none. */
export function placesOf(alerts, sites) {
  const bySite = new Map(sites.map((site) => [site.site, site]));
  const placed = [];
  const unplaced = [];
  for (const alert of alerts) {
    const place = alert.position ?? bySite.get(alert.device) ?? bySite.get(alert.site);
    if (place) placed.push({ alert, lat: place.lat, lon: place.lon });
    else unplaced.push(alert);
  }
  return { placed, unplaced };
}

/** Groups of what falls into the same square of the screen; the order of the alerts stays. */
export function together(map, placed) {
  const squares = new Map();
  for (const one of placed) {
    const { x, y } = map.project([one.lat, one.lon]).divideBy(NEAR_PX).floor();
    const key = `${x} ${y}`;
    if (!squares.has(key)) squares.set(key, []);
    squares.get(key).push(one);
  }
  return squares.values();
}

/** A pin with the shape of the most severe alert, and how many there are. */
export function alertMark(L, group) {
  const [{ alert: worst, lat, lon }] = group;
  const said = text("map.alerts_here", { n: number(group.length), severity: text(`severity.${worst.severity}`) });
  const html = el("div", { class: `pin severity-${worst.severity}` }, severityShape(worst.severity), group.length > 1 && el("b", {}, number(group.length)));
  const title = group.length === 1 ? `${text(`severity.${worst.severity}`)}: ${titleOf(worst)}` : said;
  const mark = L.marker([lat, lon], {
    icon: L.divIcon({ html, className: "", iconSize: [36, 36], iconAnchor: [18, 50], popupAnchor: [0, -46] }),
    title,
    zIndexOffset: 1000 * (SEVERITIES.length - SEVERITIES.indexOf(worst.severity)),
  });
  mark.key = worst.id;
  return mark.bindPopup(() => listed(group, said));
}

function listed(group, said) {
  const line = ({ alert }) =>
    el(
      "li",
      { class: `severity-${alert.severity}` },
      severityShape(alert.severity),
      el("span", {}, el("a", { href: addressOf(alert) }, titleOf(alert)), el("span", { class: "aside" }, placeOf(alert))),
    );
  const rest = group.length - LISTED;
  return el(
    "div",
    {},
    group.length > 1 && el("p", {}, el("b", {}, said)),
    el("ul", { class: "here" }, group.slice(0, LISTED).map(line)),
    rest > 0 && el("p", { class: "aside" }, text("map.more_here", { n: number(rest) })),
  );
}

/** A site with its name; crossed when a device of it is not online. */
export function siteMark(L, site, devices, named) {
  const online = devices.filter((one) => one.online).length;
  const state = devices.length === 0 ? "empty" : online === devices.length ? "online" : "offline";
  const said = devices.length === 0 ? text("map.no_devices_here") : text("map.devices_here", { online: number(online), all: number(devices.length) });
  const work = devices.some(({ maintenance }) => maintenance);
  const label = [work && wrenchShape(), named && site.site].filter(Boolean);
  const html = el("div", { class: `site ${state}` }, stateShape(state !== "offline"), label.length > 0 && el("span", {}, ...label));
  const mark = L.marker([site.lat, site.lon], {
    icon: L.divIcon({ html, className: "", iconSize: [18, 18] }),
    title: [`${site.site}: ${said}`, work && text("map.work_here")].filter(Boolean).join(", "),
  });
  return mark.bindPopup(() =>
    el("div", {}, el("p", {}, el("b", {}, site.site), site.road && ` · ${site.road}`), el("p", { class: "aside" }, said), el("ul", { class: "here" }, devices.map(device))),
  );
}

const device = (one) =>
  el("li", { class: one.online ? "online" : "offline" }, stateShape(one.online), el("span", {}, el("a", { href: `#/devices/${one.device}` }, one.device), maintenanceMark(one)));
