// All devices and how they fare, the worst first; and, at #/devices/NAME, one of them.

import { getJson } from "../api.js";
import { maintenanceMark, wordsOf } from "../device_condition.js";
import { known, matches, ORDERS, unwellThings } from "../device_health.js";
import { openDevice } from "../device_page.js";
import { el, renew } from "../dom.js";
import { button, choice, written } from "../fields.js";
import { number } from "../format.js";
import { text } from "../language.js";
import { healthShape, wrenchShape } from "../shapes_of_health.js";
import { empty, failure } from "../telling.js";
import { ticking } from "../ticking.js";

const REFRESH_MS = 15_000;
const SHOWN_AT_ONCE = 100;
const LEVELS = ["bad", "mild", "well"];
const WORK = "maintenance"; // beside the levels

export function open(root, name) {
  return name ? openDevice(root, name) : openList(root);
}

function openList(root) {
  const wanted = { written: "", level: "", order: "health", most: SHOWN_AT_ONCE };
  const [counts, choices, list] = [el("ul", { class: "levels" }), el("div", { class: "choices" }), el("div", {}, el("p", { class: "note" }, text("loading")))];
  let devices = null;
  let timer = null;
  let closed = false;
  const filter = written(text("devices.filter"), { type: "search", placeholder: text("devices.filter_hint") });
  filter.field.addEventListener("input", () => want({ written: filter.field.value }));
  root.append(el("h2", {}, text("devices.heading")), counts, choices, list);

  function want(change) {
    Object.assign(wanted, { most: SHOWN_AT_ONCE }, change);
    drawList();
  }

  function draw() {
    const levels = [["", text("forms.all")], ...[...LEVELS, WORK].map((level) => [level, text(`devices.level.${level}`)])];
    const orders = Object.keys(ORDERS).map((order) => [order, text(`devices.column.${order}`)]);
    renew(
      choices,
      filter,
      choice(text("devices.state"), levels, wanted.level, (level) => want({ level })),
      choice(text("devices.order"), orders, wanted.order, (order) => want({ order })),
    );
    drawList();
  }

  function drawList() {
    if (devices === null) return;
    renew(counts, [...LEVELS, WORK].map((level) => count(level, devices.filter((one) => isOf(one, level)).length)));
    const found = devices.filter((one) => (!wanted.level || isOf(one, wanted.level)) && matches(one, wanted.written)).sort(ORDERS[wanted.order]);
    const rest = found.length - wanted.most;
    const more = rest > 0 && button(text("forms.show_more", { n: number(Math.min(rest, SHOWN_AT_ONCE)) }), () => want({ most: wanted.most + SHOWN_AT_ONCE }), { class: "more" });
    renew(list, ...(found.length ? [tableOf(found.slice(0, wanted.most)), more] : [nothing(devices)]));
  }

  async function refresh() {
    try {
      const answer = await getJson("/api/v1/devices?streams=false");
      if (closed) return;
      devices = answer.devices.map(known);
      if (!list.contains(document.activeElement)) drawList(); // else somebody walks through it
    } catch (error) {
      if (!closed && devices === null) renew(list, failure(error));
    }
    timer = setTimeout(refresh, REFRESH_MS);
  }

  draw();
  refresh();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

const nothing = (devices) => (devices.length ? empty(text("devices.none_such"), text("devices.none_such_next")) : empty(text("devices.none"), text("devices.none_next")));

const isOf = (one, level) => (level === WORK ? one.maintenance !== null : one.level === level);

const count = (level, n) => (n > 0 || level !== WORK) && el("li", { class: level }, level === WORK ? wrenchShape() : healthShape(level), el("b", {}, number(n)), " ", text(`devices.level.${level}`));

function tableOf(devices) {
  const heads = ["health", "device", "site", "last", "missing", "software"];
  const head = el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, text(`devices.column.${name}`)))));
  return el("div", { class: "wide", tabindex: "0" }, el("table", { class: "list stacked" }, head, el("tbody", {}, devices.map(row))));
}

function row(one) {
  const words = one.troubles.flatMap((name) => (name === "unwell" ? unwellThings(one).map(wordsOf) : text(`devices.trouble.${name}`)));
  return el(
    "tr",
    {},
    el("td", {}, el("span", { class: "health" }, healthShape(one.level), words.length ? words.join(", ") : text("devices.level.well")), maintenanceMark(one)),
    el("th", { scope: "row", class: "name" }, el("a", { href: `#/devices/${one.device}` }, one.device)),
    el("td", { class: "where" }, [one.site, one.cameras.join(", ")].filter(Boolean).join(" · ")),
    el("td", { class: "last" }, one.last_event_at ? ticking(Date.parse(one.last_event_at)) : "–"),
    el("td", { class: `missing${one.missing > 0 ? " warning" : ""}` }, number(one.missing)),
    el("td", { class: "software" }, one.software ?? "–"),
  );
}
