// The page: what stands around every part of it, and which part is shown. The address is `#/NAME`; a part is a module:
//
//   open(root)        fills the empty element `root`; gives {draw, close}, both of which may be left out
//   draw(overview)    is called with every new overview, and after the language changed
//   close()           is called before another part comes

import { AnswerError, getJson, learnMe, pollJson, postJson } from "./api.js";
import { byId, el, renew } from "./dom.js";
import { time } from "./format.js";
import { learnWords, setLanguage, text, translatePage } from "./language.js";
import { remember } from "./preferences.js";

const PARTS = {
  now: () => import("./parts/now.js"),
  live: () => import("./parts/live.js"),
  events: () => import("./parts/events.js"),
  zones: () => import("./parts/zones.js"),
  service: () => import("./parts/service.js"),
};
const FIRST = "now";
const REFRESH_MS = 2000;

let overview = null; // the newest
let failing = null; // since when, and how
let shown = null; // {name, part}
let turn = 0; // of several parts asked for while they load the last one wins

async function refresh() {
  try {
    overview = await pollJson("/api/v1/overview");
    failing = null;
  } catch (error) {
    failing ??= { since: Date.now(), key: error instanceof AnswerError ? "failed_panel" : "unreachable" };
  }
  drawFrame();
  if (overview) shown?.part.draw?.(overview);
  setTimeout(refresh, REFRESH_MS);
}

function drawFrame() {
  const links = Object.keys(PARTS).map((name) => el("li", {}, el("a", { href: `#/${name}`, "aria-current": name === shown?.name && "page" }, text(`nav.${name}`))));
  renew(byId("navigation"), links);
  byId("theme").textContent = text(document.documentElement.dataset.theme === "dark" ? "theme_light" : "theme_dark");
  byId("stale").hidden = !failing;
  byId("stale").textContent = failing ? text(failing.key, { time: time(failing.since) }) : "";
  const working = overview?.maintenance;
  byId("working").hidden = !working;
  byId("working").textContent = working ? text("maintenance_banner", { time: time(Date.parse(working.until)), by: working.by }) : "";
  if (!overview) return;
  byId("device").textContent = overview.device;
  byId("place").textContent = overview.site || text("subtitle");
  document.title = `${text(`level.${overview.health.level}`)} · ${overview.device}`;
}

async function go() {
  const asked = location.hash.slice(2);
  const name = Object.hasOwn(PARTS, asked) ? asked : FIRST;
  const mine = ++turn;
  const module = await PARTS[name]();
  if (mine !== turn) return;
  shown?.part.close?.();
  const root = el("div", { class: `part part-${name}` }, el("p", { class: "note" }, text("loading")));
  renew(byId("page"), root);
  shown = { name, part: module.open(root) ?? {} };
  drawFrame();
  if (overview) shown.part.draw?.(overview);
  scrollTo(0, 0);
}

function connectSwitches() {
  byId("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
    drawFrame();
  });
  document.querySelector("[data-switch=language]").addEventListener("click", (event) => {
    setLanguage(event.currentTarget.lang);
    go();
  });
  byId("log-out").addEventListener("click", async () => {
    await postJson("/logout").catch(() => {});
    location.assign("/login");
  });
}

translatePage();
connectSwitches();
addEventListener("hashchange", () => location.hash.startsWith("#/") && go());
learnWords(await getJson("/api/v1/words"));
await learnMe();
await go();
refresh();
