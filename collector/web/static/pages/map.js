// The map: sites and their devices, roads, and open alerts where they are. It needs no tiles and nothing from outside.

import { SEVERITIES } from "../alerts.js";
import { AnswerError, getJson } from "../api.js";
import { el, renew } from "../dom.js";
import { number } from "../format.js";
import { alerts, watch } from "../known.js";
import { text } from "../language.js";
import { alertMark, placesOf, siteMark, together } from "../map_marks.js";
import { drawRoads } from "../map_roads.js";
import { severityShape, stateShape } from "../shapes.js";
import { wrenchShape } from "../shapes_of_health.js";

const REFRESH_MS = 10_000;
const MOST_NAMED = 60; // with more sites their names show when one comes near
const CLOSEST_ZOOM = 19;
const FIRST_ZOOM = 16; // of a single site

let lastView = null; // where the operator left the map

export function open(root, _rest, { lost }) {
  const ground = el("div", { class: "map", role: "region", "aria-label": text("map.heading") });
  const without = el("p", { class: "note without" });
  root.append(ground, el("div", { class: "legend", role: "note" }), without);
  const [layers, known] = [{}, { sites: [], devices: [] }];
  let map = null;
  let closed = false;
  let timer = null;

  async function begin() {
    const [L, told] = [await loadLeaflet(), await getJson("/api/v1/map")];
    if (closed) return;
    known.sites = told.sites.filter(({ lon }) => lon !== null);
    map = L.map(ground, { zoomControl: false, attributionControl: false, maxZoom: CLOSEST_ZOOM, zoomSnap: 0.5 });
    layers.zoom = null;
    if (told.tiles) {
      L.control.attribution({ prefix: false }).addTo(map);
      L.tileLayer(told.tiles.url, { attribution: escaped(told.tiles.attribution), maxZoom: CLOSEST_ZOOM }).addTo(map);
    }
    L.control.scale({ imperial: false }).addTo(map);
    layers.roads = drawRoads(L, told.roads, known.sites).addTo(map);
    layers.sites = L.layerGroup().addTo(map);
    layers.alerts = L.layerGroup().addTo(map);
    map.on("moveend", () => (lastView = { center: map.getCenter(), zoom: map.getZoom() }));
    map.on("zoomend", drawAlerts);
    if (lastView) map.setView(lastView.center, lastView.zoom, { animate: false });
    else showAll();
    draw();
    refresh();
  }

  async function refresh() {
    try {
      known.devices = (await getJson("/api/v1/devices?streams=false")).devices;
      if (closed) return;
      drawSites();
    } catch (error) {
      if (!(error instanceof AnswerError) && !closed) lost();
    }
    timer = setTimeout(refresh, REFRESH_MS);
  }

  /** Everything that has a place, at once. */
  function showAll() {
    const bounds = globalThis.L.latLngBounds([
      ...known.sites.map(({ lat, lon }) => [lat, lon]),
      ...placesOf(alerts.open(), known.sites).placed.map(({ lat, lon }) => [lat, lon]),
    ]);
    if (layers.roads.getBounds().isValid()) bounds.extend(layers.roads.getBounds());
    if (bounds.isValid()) map.fitBounds(bounds.pad(0.15), { maxZoom: FIRST_ZOOM, animate: false });
    else map.setView([13.78, 109.22], 12); // the first city
  }

  function drawSites() {
    const L = globalThis.L;
    const named = known.sites.length <= MOST_NAMED;
    layers.sites.clearLayers();
    for (const site of known.sites) {
      const here = known.devices.filter(({ device, site: name }) => device === site.site || name === site.site);
      layers.sites.addLayer(siteMark(L, site, here, named));
    }
  }

  function drawAlerts() {
    if (map === null) return;
    const L = globalThis.L;
    const open = layers.alerts.getLayers().find((mark) => mark.isPopupOpen())?.key; // stays open while its alerts change
    const { placed, unplaced } = placesOf(alerts.open(), known.sites);
    layers.alerts.clearLayers();
    for (const group of together(map, placed)) {
      const mark = alertMark(L, group).addTo(layers.alerts);
      if (mark.key === open) mark.openPopup();
    }
    const nowhere = known.sites.length === 0 && placed.length === 0;
    without.hidden = unplaced.length === 0 && !nowhere;
    renew(without, nowhere ? text("map.no_places") : el("a", { href: "#/alerts" }, text("map.without_place", { n: number(unplaced.length) })));
  }

  function drawControls() {
    layers.zoom?.remove();
    layers.zoom = globalThis.L.control.zoom({ zoomInTitle: text("map.zoom_in"), zoomOutTitle: text("map.zoom_out") }).addTo(map);
    const all = el("button", { type: "button" }, text("map.all"));
    all.addEventListener("click", showAll);
    const kinds = SEVERITIES.map((severity) => el("span", { class: `severity-${severity}` }, severityShape(severity), text(`severity.${severity}`)));
    const states = [true, false].map((online) => el("span", { class: online ? "online" : "offline" }, stateShape(online), text(online ? "online" : "offline")));
    renew(root.querySelector(".legend"), kinds, states, el("span", { class: "maintenance" }, wrenchShape(), text("map.work_here")), all);
  }

  function draw() {
    if (map === null) return;
    drawControls();
    drawSites();
    drawAlerts();
  }

  const unwatch = watch(drawAlerts);
  begin().catch((error) => {
    if (!(error instanceof AnswerError)) lost();
    console.warn(`map: ${error.message}`);
  });
  return {
    draw,
    close() {
      closed = true;
      clearTimeout(timer);
      unwatch();
      map?.remove();
    },
  };
}

/** Leaflet stands in the global `L`; its style sheet comes with it. */
async function loadLeaflet() {
  if (!globalThis.L) {
    document.head.append(el("link", { rel: "stylesheet", href: "/static/vendor/leaflet/leaflet.css" }));
    await import("../vendor/leaflet/leaflet.js");
  }
  return globalThis.L;
}

/** Leaflet takes attributions for markup; ours are text. */
const escaped = (words) => words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
