// From one shift to the next: the newest notes, and a new one, which may begin with how things stand.

import { getJson, now, postJson } from "../api.js";
import { alerts } from "../known.js";
import { el, renew } from "../dom.js";
import { button, submitted, written } from "../fields.js";
import { number, time } from "../format.js";
import { titleOf } from "../alerts.js";
import { placeOf } from "../alert_card.js";
import { text } from "../language.js";
import { me } from "../me.js";
import { empty, failure, reasonOf } from "../telling.js";

const REFRESH_MS = 15_000;
const MOST_ALERTS = 10;
const LONGEST = 4000;

export function open(root) {
  const [list, form] = [el("div", {}, el("p", { class: "note" }, text("loading"))), el("div", {})];
  root.append(el("h2", {}, text("shift.heading")), el("div", { class: "columns" }, list, form));
  let may = false;

  async function refresh() {
    try {
      const { notes } = await getJson("/api/v1/shift-notes");
      renew(list, drawNotes(notes, may));
    } catch (error) {
      renew(list, failure(error));
    }
  }

  me().then(({ may: mayDo }) => {
    may = mayDo("operator");
    if (may) renew(form, makeForm(refresh));
    refresh();
  }, (error) => renew(list, failure(error)));
  const timer = setInterval(refresh, REFRESH_MS);
  return { close: () => clearInterval(timer) };
}

function drawNotes(notes, may) {
  if (notes.length === 0) return empty(text("shift.none"), text(may ? "shift.none_next" : "shift.only_operators"));
  const entry = ({ at, author, text: written }) => el("li", { class: "entry" }, el("p", {}, el("b", {}, author), " ", el("span", { class: "note" }, time(Date.parse(at), now()))), el("p", { class: "written" }, written));
  return el("ul", { class: "entries" }, notes.map(entry));
}

function makeForm(refresh) {
  const note = written(text("shift.note"), { rows: 10, maxlength: LONGEST, required: "" });
  const begin = button(text("shift.begin"), async () => {
    note.field.value = `${await howThingsStand()}\n\n${note.field.value}`.slice(0, LONGEST);
    note.field.focus();
  });
  return submitted(text("shift.new"), [note, el("p", {}, begin)], text("shift.hand_over"), async () => {
    try {
      await postJson("/api/v1/shift-notes", { text: note.field.value.trim() });
    } catch (error) {
      return reasonOf(error);
    }
    note.field.value = "";
    await refresh();
    return null;
  });
}

/** What calls for people, devices that are away, and what is silenced, in some lines. */
async function howThingsStand() {
  const { summary, silences } = await figures();
  const open = alerts.open();
  const line = (alert) => `- ${titleOf(alert)}: ${placeOf(alert)} (${text(`state.${alert.state}`)})`;
  return [
    text("shift.open", { n: number(open.length) }),
    ...open.slice(0, MOST_ALERTS).map(line),
    open.length > MOST_ALERTS && `- ${text("shift.more", { n: number(open.length - MOST_ALERTS) })}`,
    summary && text("shift.devices", { online: number(summary.devices_online), all: number(summary.devices) }),
    silences && text("shift.silences", { n: number(silences.length) }),
  ].filter(Boolean).join("\n");
}

async function figures() {
  try {
    const [summary, { silences }] = await Promise.all([getJson("/api/v1/summary"), getJson("/api/v1/silences")]);
    return { summary, silences };
  } catch {
    return {}; // the note begins with the alerts alone
  }
}
