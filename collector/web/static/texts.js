// Every text of the console, in Vietnamese and in English: a file for each part of it. `{name}` is filled in by language.js.

import { ALERT } from "./texts/alert.js";
import { ALERTS } from "./texts/alerts.js";
import { DEVICES } from "./texts/devices.js";
import { FORMS } from "./texts/forms.js";
import { FRAME } from "./texts/frame.js";
import { MAP } from "./texts/map.js";
import { ROADS } from "./texts/roads.js";
import { SCORECARD } from "./texts/scorecard.js";
import { SHIFT } from "./texts/shift.js";
import { SILENCES } from "./texts/silences.js";
import { TRAFFIC } from "./texts/traffic.js";
import { USERS } from "./texts/users.js";

/** Said on many pages: `text("severity.high")`. */
const SHARED = [FRAME, ALERTS, ROADS];

/** Said on one page: `text("map.no_place")`. One line for each page. */
const PAGES = {
  alert: ALERT,
  map: MAP,
  traffic: TRAFFIC,
  devices: DEVICES,
  scorecard: SCORECARD,
  silences: SILENCES,
  shift: SHIFT,
  users: USERS,
  forms: FORMS,
};

const told = (language) => {
  const pages = Object.entries(PAGES).map(([name, texts]) => [name, texts[language]]);
  return Object.assign({}, ...SHARED.map((texts) => texts[language]), Object.fromEntries(pages));
};

export const TEXTS = { vi: told("vi"), en: told("en") };
