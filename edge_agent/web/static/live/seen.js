// Who is in the camera's picture and how fast, and what is open there: in words, to be read where the picture is too small.

import { el, renew } from "../dom.js";
import { number } from "../format.js";
import { text, word } from "../language.js";

const MOST = 12; // the nearest

/** Gives {element, draw(seen)}; `seen` null: no picture comes. */
export function seenPanel() {
  const alarms = el("ul", { class: "alarms" });
  const users = el("div", {});
  let said = "";
  return {
    element: el("div", {}, el("div", { role: "status" }, alarms), users),
    draw(seen) {
      const open = (seen?.incidents ?? []).map(inWords);
      if (String(open) !== said) renew(alarms, open.map((one) => el("li", {}, one))); // a reader hears what changed only
      said = String(open);
      renew(users, seen && table(seen));
    },
  };
}

const inWords = ({ kind, lane, reason }) => [word("kinds", kind), lane && text("lane", { name: lane }), reason && word("reasons", reason)].filter(Boolean).join(" · ");

export const nameOf = ({ id, cls }) => `${text(`one.${cls}`)} ${id}`;
export const speedOf = (speed, error) => `${number(speed)} ± ${number(error)} km/h`;

function table({ users, calibrated }) {
  const near = [...users].sort((a, b) => (a.away_m ?? Infinity) - (b.away_m ?? Infinity)).slice(0, MOST);
  if (!calibrated) return el("p", { class: "note" }, text("seen.uncalibrated"), " ", text("seen.count", { n: users.length }));
  if (!near.length) return el("p", { class: "note" }, text("seen.nobody"));
  const head = ["seen.who", "seen.lane", "seen.speed", "seen.away"].map((key) => el("th", { scope: "col" }, text(key)));
  const row = (one) => {
    const speed = one.speed_kmh === null ? "–" : speedOf(one.speed_kmh, one.error_kmh);
    return el("tr", {}, el("th", { scope: "row" }, nameOf(one)), el("td", {}, one.lane ?? "–"), el("td", {}, speed), el("td", {}, one.away_m === null ? "–" : `${number(one.away_m)} m`));
  };
  return el("table", { class: "seen" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, near.map(row)));
}
