// What this device has told since it started, the newest first.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text, word } from "../language.js";

const SORTS = ["incident", "state", "telemetry", ""];

export function open(root) {
  let sort = SORTS[0];
  let open = true;
  const list = el("ul", { class: "lines" });
  const choose = el("select", { id: "sort" }, SORTS.map((one) => el("option", { value: one }, text(one ? `events.${one}` : "events.all"))));
  choose.addEventListener("change", () => {
    sort = choose.value;
    load();
  });

  async function load() {
    const { events } = await pollJson(`/api/v1/events${sort ? `?event_class=${sort}` : ""}`).catch(() => ({ events: null }));
    if (open && events) renew(list, events.length ? events.map(line) : el("li", { class: "note" }, text("events.none")));
  }

  renew(root, el("section", { class: "panel" }, el("h2", {}, text("events.heading")), el("p", { class: "field" }, el("label", { for: "sort" }, text("events.sort")), choose), list, el("p", { class: "note" }, text("events.kept"))));
  return { draw: load, close: () => (open = false) };
}

function line(one) {
  const kind = one.severity ? word("kinds", one.kind) : text(`kind.${one.kind}`);
  const where = [one.camera, one.lane && text("lane", { name: one.lane }), one.reason && word("reasons", one.reason), one.phase && text(`phase.${one.phase}`)];
  return el("li", { class: one.phase ?? "" }, el("time", { datetime: one.at }, time(Date.parse(one.at))), el("strong", {}, kind), el("span", {}, where.filter(Boolean).join(" · ")));
}
