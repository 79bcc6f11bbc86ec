// The language in use: look a text up, fill it in, switch it, and put it into the page's fixed parts.

import { remember } from "./preferences.js";
import { TEXTS } from "./texts.js";

let words = {}; // what the device tells as keys: {table: {key: {vi, en}}}

export const language = () => (document.documentElement.lang === "en" ? "en" : "vi");
export const locale = () => (language() === "en" ? "en-GB" : "vi-VN");

/** `text("no")`, `text("lane", {name: "s1"})`. A key without a text is shown as itself: data, not an error. */
export function text(key, values = {}) {
  const template = Object.hasOwn(TEXTS[language()], key) ? TEXTS[language()][key] : key;
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function learnWords(told) {
  words = told;
}

/** `word("said", "link.ok")`: from the device's own tables. */
export function word(table, key) {
  return words[table]?.[key]?.[language()] ?? key;
}

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
    element.lang = language() === "en" ? "vi" : "en";
  }
}
