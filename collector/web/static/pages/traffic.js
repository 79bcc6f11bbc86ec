// Traffic of one road: flow by class, car units, mean speed and the mix of classes, by minute, hour or day.

import { getJson, now } from "../api.js";
import { el, renew } from "../dom.js";
import { button, choice } from "../fields.js";
import { text } from "../language.js";
import { remember, remembered } from "../preferences.js";
import { drawRoad } from "../road_plots.js";
import { empty, failure } from "../telling.js";

const HOUR_MS = 3600_000;
const PERIODS_H = { minute: [1, 3, 12], hour: [24, 48, 168], day: [336, 1440, 8760] };
const REFRESH_MS = 30_000;
const LEAST_WIDTH = 260;
const PADDING = 34; // of a plot's panel

export function open(root, road) {
  const by = Object.hasOwn(PERIODS_H, remembered("road-by")) ? remembered("road-by") : "hour";
  const asked = { road: road || remembered("road"), camera: "", by, hours: PERIODS_H[by][0], back: 0 };
  const [choices, plots] = [el("div", { class: "choices" }), el("div", { class: "plots" }, el("p", { class: "note" }, text("loading")))];
  const known = { roads: [], answer: null };
  let turn = 0;
  root.append(el("h2", { "data-text": "traffic.heading" }, text("traffic.heading")), choices, plots);

  async function ask() {
    const mine = ++turn;
    try {
      const { roads } = await getJson("/api/v1/roads");
      if (!roads.some(({ road }) => road === asked.road)) Object.assign(asked, { road: roads[0]?.road ?? null, camera: "" });
      const answer = asked.road === null ? null : await getJson(`/api/v1/roads/traffic?${question(asked)}`);
      if (mine !== turn) return; // something else was chosen meanwhile
      Object.assign(known, { roads, answer });
      draw();
    } catch (error) {
      if (mine === turn) renew(plots, failure(error));
    }
  }

  function choose(change) {
    Object.assign(asked, change);
    if (!PERIODS_H[asked.by].includes(asked.hours)) asked.hours = PERIODS_H[asked.by][0];
    remember("road", asked.road);
    remember("road-by", asked.by);
    renew(choices, choicesOf(asked, known.roads, choose));
    ask();
  }

  function draw() {
    if (!choices.contains(document.activeElement)) renew(choices, choicesOf(asked, known.roads, choose));
    drawPlots();
  }

  function drawPlots() {
    if (plots.contains(document.activeElement)) return; // somebody reads a table
    const width = Math.max(LEAST_WIDTH, columnOf(plots) - PADDING);
    renew(plots, known.answer ? drawRoad(known.answer, width) : empty(text("traffic.none"), text("traffic.none_next")));
  }

  const sized = new ResizeObserver(() => known.answer && drawPlots());
  sized.observe(plots);
  const timer = setInterval(() => asked.back === 0 && ask(), REFRESH_MS);
  ask();
  return {
    draw,
    close() {
      sized.disconnect();
      clearInterval(timer);
    },
  };
}

function choicesOf(asked, roads, choose) {
  const { cameras = [] } = roads.find(({ road }) => road === asked.road) ?? {};
  const named = cameras.map(({ device, camera }) => [`${device}/${camera}`, `${device} · ${camera}`]);
  const step = (by, words) => button(words, () => choose({ back: Math.max(0, asked.back + by) }), { "aria-label": text(by > 0 ? "traffic.earlier" : "traffic.later"), disabled: asked.back + by < 0 ? "" : null });
  if (roads.length === 0) return [];
  return [
    choice(text("traffic.road"), roads.map(({ road }) => [road, road]), asked.road, (road) => choose({ road, camera: "" })),
    choice(text("traffic.camera"), [["", text("traffic.all_cameras", { n: cameras.length })], ...named], asked.camera, (camera) => choose({ camera })),
    choice(text("traffic.by"), Object.keys(PERIODS_H).map((by) => [by, text(`traffic.by_${by}`)]), asked.by, (by) => choose({ by, back: 0 })),
    choice(text("traffic.period"), PERIODS_H[asked.by].map((hours) => [hours, text(`traffic.last.${hours}`)]), asked.hours, (hours) => choose({ hours: Number(hours), back: 0 })),
    el("p", { class: "steps" }, step(1, "◀"), step(-1, "▶")),
    el("p", { class: "steps" }, el("a", { class: "button", href: `/api/v1/roads/traffic.csv?${question(asked)}`, download: `${asked.road}.csv` }, text("traffic.csv"))),
  ];
}

function question({ road, camera, by, hours, back }) {
  const [device, name] = camera.split("/");
  const to = now() - back * hours * HOUR_MS;
  const span = { from: new Date(to - hours * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
  return new URLSearchParams({ road, by, ...(camera && { device, camera: name }), ...span });
}

/** How wide one of the grid's columns is. */
const columnOf = (plots) => parseFloat(getComputedStyle(plots).gridTemplateColumns) || plots.clientWidth;
