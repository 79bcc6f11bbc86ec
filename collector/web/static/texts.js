// Every text of the console, in Vietnamese and in English: a file for each part of it. `{name}` is filled in by language.js.

import { ALERTS } from "./texts/alerts.js";
import { FRAME } from "./texts/frame.js";
import { ROADS } from "./texts/roads.js";

/** Said on many pages: `text("severity.high")`. */
const SHARED = [FRAME, ALERTS, ROADS];

/** Said on one page: `text("map.no_place")`. One line for each page. */
const PAGES = {};

const told = (language) => {
  const pages = Object.entries(PAGES).map(([name, texts]) => [name, texts[language]]);
  return Object.assign({}, ...SHARED.map((texts) => texts[language]), Object.fromEntries(pages));
};

export const TEXTS = { vi: told("vi"), en: told("en") };
