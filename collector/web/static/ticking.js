// Spans that grow: an element made by `ticking` counts up from a moment, every second, until it leaves the page.

import { now } from "./api.js";
import { el } from "./dom.js";
import { span } from "./format.js";

export function ticking(sinceMs, attributes = {}) {
  return el("span", { ...attributes, "data-since": sinceMs }, span(now() - sinceMs));
}

export function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const grown = span(now() - Number(element.dataset.since));
    if (element.textContent !== grown) element.textContent = grown;
  }
}
