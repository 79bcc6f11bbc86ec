// What was saved is gone by after a restart of the agent: asked for here, and waited for.

import { pollJson, postJson } from "../api.js";
import { el } from "../dom.js";
import { text } from "../language.js";
import { button } from "../service/acting.js";

const [ASK_MS, PATIENCE_MS] = [1000, 120_000];

/** `camera()` is the one whose zones are drawn; `onApplied(now)` is told when the agent goes by them. Gives {element, draw(now)}. */
export function applyPanel(camera, onApplied) {
  const said = el("p", { class: "note", role: "status" });
  const apply = button(text("zones.apply"), said, async () => {
    const name = camera();
    await postJson("/api/v1/restart");
    said.textContent = text("zones.applying");
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
      const now = await pollJson(`/api/v1/scenes/${name}`).catch(() => null);
      if (!now?.running) continue;
      if (name === camera()) onApplied(now);
      return text("zones.applied");
    }
    return text("zones.apply_slow");
  }, { class: "primary" });
  const callout = el("div", { class: "callout", hidden: "" }, el("p", {}, text("zones.not_running")), apply);
  return {
    element: el("div", {}, callout, said),
    draw: ({ running }) => (callout.hidden = running),
  };
}
