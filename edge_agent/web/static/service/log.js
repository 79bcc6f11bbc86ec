// What the agent has said since it started, by how bad it is and by a word.

import { pollJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text } from "../language.js";

const LEVELS = ["info", "warning", "error"];
const PAUSE_MS = 300; // after a letter is written

export function logPanel() {
  const level = el("select", { id: "level" }, LEVELS.map((one) => el("option", { value: one }, text(`log.${one}`))));
  const word = el("input", { id: "word", type: "search", maxlength: 100, autocomplete: "off" });
  const list = el("ul", { class: "lines log", tabindex: "0", "aria-label": text("service.log") });
  let waiting = 0;
  let turn = 0;

  async function load() {
    const mine = ++turn;
    const query = new URLSearchParams({ level: level.value, ...(word.value && { text: word.value }) });
    const told = await pollJson(`/api/v1/log?${query}`).catch(() => null);
    if (told && mine === turn) renew(list, told.lines.length ? told.lines.map(line) : el("li", { class: "note" }, text("log.none")));
  }

  level.addEventListener("change", load);
  word.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(load, PAUSE_MS);
  });
  const fields = [["level", "log.level", level], ["word", "log.word", word]].map(([id, key, field]) => el("p", { class: "field" }, el("label", { for: id }, text(key)), field));
  return { key: "service.log", content: el("div", {}, fields, list), draw: load, close: () => clearTimeout(waiting) };
}

const line = ({ at, level, name, text: said }) =>
  el("li", { class: level }, el("time", { datetime: at }, time(Date.parse(at))), level !== "info" && el("strong", {}, text(`log.${level}`)), el("span", { lang: "en" }, said), el("span", { class: "aside" }, name));
