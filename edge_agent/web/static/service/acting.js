// A button that does one thing, and says what became of it.

import { AnswerError } from "../api.js";
import { el } from "../dom.js";
import { text } from "../language.js";

/** While it is done the button cannot be pressed again; `act` may throw. `said` is where it is told. */
export function button(words, said, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", async () => {
    made.disabled = true;
    said.textContent = "";
    try {
      said.textContent = (await act()) ?? "";
    } catch (error) {
      said.textContent = text("service.failed", { why: whyOf(error) });
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

const whyOf = (error) => (error instanceof AnswerError ? error.content?.detail || error.content?.title || error.message : text("service.unreachable"));
