// What the zones are drawn with: buttons, and filling anew without taking the focus from whoever holds it.

import { el, renew } from "../dom.js";

export const isWriting = (element) => element.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox])");

/** As renew, but whoever had the focus has it still. */
export function refill(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement : null;
  const key = held && (held.id || held.textContent);
  renew(element, ...children);
  if (key) [...element.querySelectorAll("button, input")].find((one) => (one.id || one.textContent) === key)?.focus({ preventScroll: true });
}

export function pressed(words, isPressed, act, kind = null) {
  const made = el("button", { type: "button", class: kind, "aria-pressed": isPressed ? "true" : null }, words);
  made.addEventListener("click", act);
  return made;
}
