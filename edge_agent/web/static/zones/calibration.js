// The calibration: points with their metres and what each is off, or a lane's width and its dashes; and what speeds it will give.

import { postJson } from "../api.js";
import { el, renew } from "../dom.js";
import { number } from "../format.js";
import { text } from "../language.js";
import { button } from "../service/acting.js";

const LINES = ["left", "right", "dashes"];

/** `editor` is {scene, change(scene), setPairs(pairs), tapFor(onPlace), stopTaps()}; gives {element, draw(checked)}. */
export function calibrationPanel(editor) {
  const said = el("p", { class: "note", role: "status" });
  const list = el("ol", { class: "pairs" });
  const head = el("p", { class: "pairs-head", "aria-hidden": "true" }, ["cal.head_across", "cal.head_away"].map((key) => el("span", {}, text(key))));
  const worth = el("div", {});
  const clicks = { left: [], right: [], dashes: [] };
  const width = el("input", { id: "lane-width", type: "number", min: 1, max: 50, step: 0.05, value: 3.5 });
  const cycle = el("input", { id: "dash-cycle", type: "number", min: 1, max: 50, step: 0.1, value: 12 });
  const counts = el("p", { class: "note" });

  const add = button(text("cal.add"), said, async () => {
    editor.tapFor((image) => editor.setPairs([...editor.pairs(), { image, road_m: [0, 0] }]));
    return text("cal.tap_points");
  });
  const take = LINES.map((line) =>
    button(text(`cal.${line}`), said, async () => {
      clicks[line] = [];
      editor.tapFor((place) => {
        clicks[line] = [...clicks[line], place];
        tellCounts();
      });
      return text(`cal.tap_${line}`);
    }),
  );
  const work = button(text("cal.work"), said, async () => {
    editor.stopTaps();
    const solved = await postJson("/api/v1/lane-calibration", { size_px: editor.scene().ref_resolution, ...clicks, width_m: Number(width.value), cycle_m: Number(cycle.value) });
    if (solved.problem) return solved.problem;
    const origin = editor.scene().calibration?.origin;
    editor.change({ ...editor.scene(), calibration: { ...solved.calibration, ...(origin && { origin }) } });
    return text("cal.worked");
  }, { class: "primary" });

  function tellCounts() {
    counts.textContent = LINES.map((line) => `${text(`cal.${line}`)}: ${clicks[line].length}`).join(" · ");
  }

  function row(pair, n, fit) {
    const field = (axis) => {
      const made = el("input", { type: "number", step: 0.1, value: pair.road_m[axis], "aria-label": text(axis ? "cal.away" : "cal.across", { n: n + 1 }) });
      made.addEventListener("change", () => {
        const road = editor.pairs()[n].road_m.map((metres, which) => (which === axis ? Number(made.value) || 0 : metres));
        editor.setPairs(editor.pairs().map((one, which) => (which === n ? { ...one, road_m: road } : one)));
      });
      return made;
    };
    const drop = el("button", { type: "button", "aria-label": text("cal.drop", { n: n + 1 }) }, "×");
    drop.addEventListener("click", () => editor.setPairs(editor.pairs().filter((_, which) => which !== n)));
    return el("li", { class: fit?.slipped ? "pair slipped" : "pair" }, el("b", {}, n + 1), field(0), field(1), drop, el("span", { class: "aside" }, offOf(fit)));
  }

  /** The fields stay, for somebody writes in one or is on his way to the next; what each point is off is told beside it. */
  function tellPairs(pairs, fits) {
    if (list.querySelectorAll("li.pair").length !== pairs.length) return renew(list, pairs.map((pair, n) => row(pair, n, fits?.[n])));
    [...list.children].forEach((line, n) => {
      line.querySelectorAll("input").forEach((field, axis) => {
        if (field !== document.activeElement) field.value = pairs[n].road_m[axis];
      });
      line.classList.toggle("slipped", Boolean(fits?.[n].slipped));
      line.querySelector(".aside").textContent = offOf(fits?.[n]);
    });
  }

  tellCounts();
  const element = el(
    "div",
    {},
    el("p", { class: "note" }, text("cal.note")),
    head,
    list,
    el("p", { class: "choices" }, add),
    said,
    worth,
    el("details", {}, el("summary", {}, text("cal.by_lane")), el("p", { class: "choices" }, take), counts, el("p", { class: "field" }, el("label", { for: "lane-width" }, text("cal.width")), width), el("p", { class: "field" }, el("label", { for: "dash-cycle" }, text("cal.cycle")), cycle), work),
  );
  return {
    element,
    draw(checked) {
      const calibration = editor.scene().calibration;
      const byHand = !calibration || (calibration.method ?? "pairs") === "pairs";
      const fitted = checked?.fitted;
      const fits = fitted?.points.length === editor.pairs().length ? fitted.points : null;
      head.hidden = !byHand || !editor.pairs().length;
      if (byHand) tellPairs(editor.pairs(), fits);
      else renew(list, el("li", {}, text("cal.worked_out")));
      const speeds = fitted?.speeds.filter(({ se_kmh: se }) => se !== null) ?? [];
      renew(
        worth,
        fitted && el("p", {}, text("cal.worth", { px: number(fitted.rms_px, 1), m: number(fitted.rms_m, 2), from: number(fitted.stretch_m[0]), to: number(fitted.stretch_m[1]) })),
        fitted && el("ul", {}, speeds.map(({ distance_m: m, se_kmh: se }) => el("li", {}, text("cal.speed_at", { m: number(m), error: number(1.96 * se, 1) })))),
      );
    },
  };
}

const offOf = (fit) => (fit ? `${number(fit.off_px, 1)} px = ${number(fit.off_m, 2)} m${fit.slipped ? ` ${text("cal.slipped")}` : ""}` : "");
