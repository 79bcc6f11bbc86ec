// The language in use: look a text up, fill it in, switch it, and put it into the page's fixed parts.

import { remember } from "./preferences.js";
import { TEXTS } from "./texts.js";

export const language = () => (document.documentElement.lang === "en" ? "en" : "vi");
export const locale = () => TEXTS[language()].locale;

/** `text("severity.high")`, `text("lane", {name: "s1"})`. A key without a text is shown as its last part: data, not an error. */
export function text(key, values = {}) {
  let [table, name] = [TEXTS[language()], key];
  for (let dot = name.indexOf("."); dot > 0 && isTable(table, name.slice(0, dot)); dot = name.indexOf(".")) {
    table = table[name.slice(0, dot)];
    name = name.slice(dot + 1);
  }
  const template = Object.hasOwn(table, name) ? table[name] : name;
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const isTable = (table, name) => Object.hasOwn(table, name) && typeof table[name] === "object";

export function setLanguage(code) {
  document.documentElement.lang = code;
  remember("language", code);
  translatePage();
}

/** Fills the elements that name their text: data-text (content), data-label (aria-label). */
export function translatePage() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  for (const element of document.querySelectorAll("[data-switch=language]")) {
    element.textContent = text("other_language");
    element.lang = text("other_language_code");
  }
}
