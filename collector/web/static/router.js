// Which page is shown. Its address is `#/NAME` or `#/NAME/REST`, and it is a module that is loaded when it is first opened:
//
//   open(root, rest, shared)   fills the empty element `root`; gives {draw, close}, both of which may be left out
//   draw()                     is called after the language changed; without one the page is opened anew
//   close()                    is called before another page comes: timers and listeners end there

import { byId, el, renew } from "./dom.js";
import { text } from "./language.js";

/** In the order of the navigation. */
const PAGES = {
  alerts: (rest) => (rest ? import("./pages/alert.js") : import("./pages/alerts.js")),
  map: () => import("./pages/map.js"),
  traffic: () => import("./pages/traffic.js"),
  devices: () => import("./pages/devices.js"),
  scorecard: () => import("./pages/scorecard.js"),
  silences: () => import("./pages/silences.js"),
  shift: () => import("./pages/shift.js"),
  users: () => import("./pages/users.js"),
};
const FIRST = "alerts";

let shown = null; // {name, rest, page}
let turn = 0; // of several pages asked for while they load the last one wins
let shared;

/** Opens what the address says, and follows it. Every page is handed `given`. */
export function connectPages(given) {
  shared = given;
  addEventListener("hashchange", () => location.hash.startsWith("#/") && go());
  return go({ first: true });
}

export function drawPage() {
  drawNavigation();
  if (shown?.page.draw) shown.page.draw();
  else if (shown) go();
}

/** `#/alerts/box/run/1` is alerts and `box/run/1`. */
function asked() {
  const [, name, rest = ""] = location.hash.match(/^#\/([a-z]+)(?:\/(.*))?$/) ?? [];
  return Object.hasOwn(PAGES, name) ? { name, rest: decoded(rest) } : { name: FIRST, rest: "" };
}

async function go({ first = false } = {}) {
  const { name, rest } = asked();
  const mine = ++turn;
  const module = await PAGES[name](rest);
  if (mine !== turn) return;
  shown?.page.close?.();
  const root = el("div", { class: `page page-${name}${rest ? "-one" : ""}` });
  renew(byId("page"), root);
  shown = { name, rest, page: {} };
  drawNavigation();
  shown.page = module.open(root, rest, shared) ?? {};
  scrollTo(0, 0);
  if (!first) byId("page").focus({ preventScroll: true });
}

function drawNavigation() {
  const link = (name) => el("a", { href: `#/${name}`, "aria-current": name === shown?.name && "page" }, text(`nav.${name}`));
  renew(byId("navigation"), Object.keys(PAGES).map((name) => el("li", {}, link(name))));
  nameTitle();
}

let waiting = 0;

/** The tab's title: how many alerts call for people, and the page. */
export function nameTitle(open = waiting) {
  waiting = open;
  const page = shown && shown.name !== FIRST ? `${text(`nav.${shown.name}`)} · ` : "";
  document.title = `${open ? `(${open}) ` : ""}${page}Kerbwatch`;
}

function decoded(rest) {
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest;
  }
}
