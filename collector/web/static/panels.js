// Parts of a page that ask the collector again and again, each by itself: one that fails says so and keeps what it showed.

import { AnswerError, getJson, now } from "./api.js";
import { el, renew } from "./dom.js";
import { time } from "./format.js";
import { text } from "./language.js";

const REFRESH_MS = 5000;

/**
 * Draws `draw(answer)` into `element` from `path`, now and every five seconds. `lost()` is called when the collector could not
 * be reached. Gives {draw, close}: to draw the last answer anew, and to end it.
 */
export function panel(element, path, draw, { lost, everyMs = REFRESH_MS }) {
  const content = el("div", {}, el("p", { class: "note" }, text("loading")));
  const failure = el("p", { class: "note warning", hidden: "" });
  renew(element, failure, content);
  let answer = null;
  let timer = null;
  let closed = false;

  async function refresh() {
    try {
      const given = await getJson(path);
      if (closed) return;
      answer = given;
      redraw();
      failure.hidden = true;
    } catch (error) {
      if (closed) return;
      if (!(error instanceof AnswerError)) lost();
      failure.textContent = text("failed_panel", { time: time(now(), now()) });
      failure.hidden = false;
    }
    timer = setTimeout(refresh, everyMs);
  }

  function redraw() {
    if (answer !== null) renew(content, draw(answer));
  }

  function close() {
    closed = true;
    clearTimeout(timer);
  }

  refresh();
  return { draw: redraw, close };
}
