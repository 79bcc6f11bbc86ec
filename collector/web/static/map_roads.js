// Roads on the map: their course where the configuration has it, else straight lines between the sites of one road, dashed.

import { text } from "./language.js";

/** `roads` is GeoJSON with lines, each with a name, or null. */
export function drawRoads(L, roads, sites) {
  const known = L.geoJSON(roads ?? { type: "FeatureCollection", features: [] }, {
    style: { className: "road" },
    filter: ({ geometry }) => geometry?.type.endsWith("LineString"),
    onEachFeature: ({ properties }, line) => properties?.name && line.bindTooltip(words(properties.name), { sticky: true }),
  });
  const drawn = new Set((roads?.features ?? []).map(({ properties }) => properties?.name));
  for (const [road, along] of byRoad(sites)) {
    if (drawn.has(road) || along.length < 2) continue;
    const line = L.polyline(inOrder(along).map(({ lat, lon }) => [lat, lon]), { className: "road straight" });
    known.addLayer(line.bindTooltip(words(`${road} (${text("map.straight")})`), { sticky: true }));
  }
  return known;
}

function byRoad(sites) {
  const roads = new Map();
  for (const site of sites) {
    if (!site.road) continue;
    roads.set(site.road, [...(roads.get(site.road) ?? []), site]);
  }
  return roads;
}

/** Along the direction in which they reach farther. */
function inOrder(sites) {
  const reach = (name) => Math.max(...sites.map((site) => site[name])) - Math.min(...sites.map((site) => site[name]));
  const along = reach("lon") > reach("lat") ? "lon" : "lat";
  return [...sites].sort((a, b) => a[along] - b[along]);
}

/** Leaflet takes strings for markup; these are text. */
function words(said) {
  const element = document.createElement("span");
  element.textContent = said;
  return element;
}
