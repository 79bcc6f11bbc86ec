// What went wrong, in words; and that there is nothing, with what to do about it.

import { AnswerError } from "./api.js";
import { el } from "./dom.js";
import { text } from "./language.js";

/** Why the collector refused, or that it could not be reached. */
export function reasonOf(error) {
  if (!(error instanceof AnswerError)) return text("forms.unreachable");
  const { status, detail } = error.content ?? {};
  const told = text(`forms.refused.${status}`);
  return detail ? `${told === String(status) ? "" : `${told} `}(${detail})`.trim() : told;
}

export const failure = (error) => el("p", { class: "note warning", role: "alert" }, reasonOf(error));

/** An empty state: what there is not, and the next step. */
export const empty = (what, next) => el("div", { class: "empty" }, el("p", {}, el("strong", {}, what)), next && el("p", {}, withCode(next)));

/** A text in which `...` are commands. */
export const withCode = (words) => words.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
