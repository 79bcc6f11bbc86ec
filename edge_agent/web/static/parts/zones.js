// Where a camera's zones are drawn on a still of it and its calibration is made: checked while drawn, saved as a version.

import { AnswerError, getJson, postJson } from "../api.js";
import { el, renew } from "../dom.js";
import { time } from "../format.js";
import { text } from "../language.js";
import { button } from "../service/acting.js";
import { applyPanel } from "../zones/applying.js";
import { calibrationPanel } from "../zones/calibration.js";
import { canvas } from "../zones/canvas.js";
import { isWriting, pressed, refill } from "../zones/controls.js";
import { added, altered, freeId, KINDS, movedPoint, startDrawing, withPairs, without } from "../zones/document.js";
import { movedPanel } from "../zones/moved.js";

const PAUSE_MS = 350; // after a change, before it is checked

export function open(root) {
  let [camera, cameras, now, drawing] = [null, [], null, null];
  let [chosen, part, picked, begun, tapped] = [null, null, null, null, null];
  let [checked, waiting, turn, closed] = [null, 0, 0, false];
  let loosePairs = null; // fewer than a calibration needs

  const sheet = canvas({ onTap: tap, onMove: move, onMovePair: movePair, onPick: (n) => (picked = n) });
  const said = el("p", { class: "note", role: "status" });
  const problem = el("p", { class: "note warning", role: "alert" });
  const tools = el("p", { class: "choices" });
  const things = el("ul", { class: "things" });
  const properties = el("div", { class: "form" });
  const versions = el("ul", { class: "lines" });
  const which = el("div", { class: "choices", role: "group", "aria-label": text("live.choose") });
  const calibration = calibrationPanel({
    scene: () => drawing.scene,
    change: (scene) => {
      loosePairs = null;
      change(scene);
    },
    pairs,
    setPairs,
    tapFor: (onPlace) => {
      [begun, tapped] = [null, onPlace];
      choose(null);
      draw();
    },
    stopTaps: () => (tapped = null),
  });
  const moved = movedPanel();
  const apply = applyPanel(() => camera, settle);

  async function load(name) {
    [camera, chosen, begun, tapped, checked, loosePairs] = [name, null, null, null, null, null];
    try {
      now = await getJson(`/api/v1/scenes/${name}`);
    } catch (error) {
      problem.textContent = error instanceof AnswerError ? error.content?.detail : text("service.unreachable");
      return;
    }
    drawing = startDrawing(now.scene);
    moved.load(now);
    sheet.show(`/api/v1/still/${name}?turn=${Date.now() % 1_000_000_000}`);
    draw();
    check();
  }

  function pairs() {
    return loosePairs ?? drawing.scene.calibration?.pairs ?? [];
  }

  /** Less than four make no calibration: they wait here. */
  function setPairs(next) {
    loosePairs = next.length < 4 ? next : null;
    change(withPairs(drawing.scene, next.length < 4 ? [] : next));
  }

  function change(scene) {
    drawing.change(scene);
    draw();
    clearTimeout(waiting);
    waiting = setTimeout(check, PAUSE_MS);
  }

  async function check() {
    const mine = ++turn;
    const told = await postJson(`/api/v1/scenes/${camera}/check`, { scene: drawing.scene }).catch(() => null);
    if (!told || mine !== turn || closed) return;
    checked = told;
    draw();
  }

  function tap(place) {
    if (tapped) return tapped(place);
    if (!begun) return;
    begun.points = [...begun.points, place];
    const { most } = KINDS[begun.list][begun.part];
    if (begun.points.length === most) return finish();
    draw();
  }

  function move(point, place, isDone) {
    if (!chosen) return;
    const scene = movedPoint(drawing.scene, { ...chosen, part, point }, place);
    if (isDone) change(scene);
    else sheet.draw({ ...view(), scene, handles: scene[chosen.list][chosen.index][part] });
  }

  function movePair(n, image, isDone) {
    const next = pairs().map((one, which) => (which === n ? { ...one, image } : one));
    if (isDone) setPairs(next);
    else sheet.draw({ ...view(), pairs: next });
  }

  function begin(list) {
    [tapped, chosen] = [null, null];
    begun = { list, part: 0, points: [], thing: { id: freeId(drawing.scene, list) } };
    draw();
  }

  /** The part that is being drawn is whole; after the last one the thing is there. */
  function finish() {
    const { list, part: n, points, thing } = begun;
    const whole = { ...thing, [KINDS[list][n].name]: points };
    if (n + 1 < KINDS[list].length) {
      begun = { list, part: n + 1, points: [], thing: whole };
      return draw();
    }
    begun = null;
    choose({ list, index: (drawing.scene[list] ?? []).length });
    change(added(drawing.scene, list, list === "masks" ? { ...whole, private: true } : whole));
  }

  function choose(next) {
    [chosen, part, picked] = [next, next && KINDS[next.list][0].name, null];
  }

  async function save() {
    settle(await postJson(`/api/v1/scenes/${camera}`, { scene: drawing.scene, base: now.sha256 }));
    return text("zones.saved");
  }

  /** What is on the device now, saved or gone by. */
  function settle(saved) {
    now = saved;
    moved.load(now);
    draw();
  }

  function view() {
    const one = chosen && drawing.scene[chosen.list]?.[chosen.index];
    const slipped = new Set((checked?.fitted?.points ?? []).flatMap((point, n) => (point.slipped ? [n] : [])));
    return { scene: drawing.scene, chosen, picked, handles: one?.[part] ?? [], begun: begun?.points, guides: checked?.guides ?? [], pairs: (drawing.scene.calibration?.method ?? "pairs") === "pairs" ? pairs() : [], slipped };
  }

  function draw() {
    if (!drawing) return;
    if (chosen && !drawing.scene[chosen.list]?.[chosen.index]) choose(null);
    sheet.draw(view());
    problem.textContent = checked?.problem ? text("zones.problem", { why: checked.problem }) : "";
    said.textContent = begun ? text(`zones.draw.${begun.list}.${KINDS[begun.list][begun.part].name}`) : "";
    apply.draw(now);
    renew(which, cameras.length > 1 && cameras.map((name) => pressed(name, name === camera, () => load(name))));
    refill(tools, begun ? drawingTools() : Object.keys(KINDS).map((list) => pressed(`+ ${text(`zones.${list}`)}`, false, () => begin(list))));
    refill(things, Object.keys(KINDS).flatMap((list) => (drawing.scene[list] ?? []).map((one, index) => el("li", {}, pressed(`${text(`zones.${list}`)} ${one.id}`, chosen?.list === list && chosen.index === index, () => ((tapped = null), choose({ list, index }), draw()))))));
    if (!isWriting(properties) || !chosen) refill(properties, chosen && drawProperties());
    calibration.draw(checked);
    renew(versions, now.versions.map(versionLine));
    [undo.disabled, redo.disabled, keep.disabled] = [!drawing.canUndo, !drawing.canRedo, Boolean(checked?.problem) || !drawing.canUndo];
  }

  function drawingTools() {
    const { list, part: n, points } = begun;
    const done = pressed(text("zones.done"), false, finish, "primary");
    done.disabled = points.length < KINDS[list][n].least;
    const back = pressed(text("zones.back"), false, () => {
      begun.points = points.slice(0, -1);
      draw();
    });
    return [done, back, pressed(text("service.cancel"), false, () => ((begun = null), draw()))];
  }

  function drawProperties() {
    const { list, index } = chosen;
    const one = drawing.scene[list][index];
    const least = () => KINDS[list].find(({ name }) => name === part).least;
    const name = el("input", { id: "thing-id", value: one.id, maxlength: 32 });
    name.addEventListener("change", () => change(altered(drawing.scene, list, index, { id: name.value })));
    const flag = (key) => {
      const box = el("input", { id: `thing-${key}`, type: "checkbox", checked: one[key] ? "" : null });
      box.addEventListener("change", () => change(altered(drawing.scene, list, index, { [key]: box.checked })));
      return el("p", { class: "field" }, box, el("label", { for: `thing-${key}` }, text(`zones.${key}`)));
    };
    const parts = KINDS[list].length > 1 && el("p", { class: "choices" }, KINDS[list].map(({ name: which }) => pressed(text(`zones.part.${which}`), which === part, () => ((part = which), draw()))));
    return [
      el("p", { class: "field" }, el("label", { for: "thing-id" }, text("zones.name")), name),
      parts,
      list === "lanes" && [flag("two_way"), flag("signalised")],
      list === "masks" && flag("private"),
      el(
        "p",
        { class: "choices" },
        list === "lanes" && pressed(text("zones.turn"), false, () => change(altered(drawing.scene, list, index, { centreline: [...one.centreline].reverse() }))),
        pressed(text("zones.drop_point"), false, () => picked !== null && one[part].length > least() && change(movedPoint(drawing.scene, { list, index, part, point: picked }, null))),
        pressed(text("zones.drop"), false, () => (choose(null), change(without(drawing.scene, list, index)))),
      ),
    ];
  }

  function versionLine({ number, at, by, sha256 }) {
    const take = button(text("zones.take"), said, async () => {
      loosePairs = null;
      change(await getJson(`/api/v1/scenes/${camera}/versions/${number}`));
      return text("zones.taken", { n: number });
    });
    return el("li", {}, el("strong", {}, number), el("time", { datetime: at }, time(Date.parse(at))), el("span", {}, by || text("zones.found")), sha256 === now.sha256 ? el("span", { class: "aside" }, text("zones.current")) : take);
  }

  const undo = pressed(text("zones.undo"), false, () => ((loosePairs = null), drawing.undo(), draw(), check()));
  const redo = pressed(text("zones.redo"), false, () => ((loosePairs = null), drawing.redo(), draw(), check()));
  const zoom = pressed(text("zones.zoom"), false, () => zoom.setAttribute("aria-pressed", String(sheet.element.classList.toggle("zoomed"))));
  const keep = button(text("zones.save"), said, save, { class: "primary" });
  const panel = (key, ...inside) => el("section", { class: "panel" }, el("h2", {}, text(key)), inside);
  renew(
    root,
    panel("zones.heading", which, tools, sheet.element, said, problem, el("p", { class: "choices" }, undo, redo, zoom, keep), apply.element, things, properties),
    panel("cal.heading", calibration.element),
    panel("moved.heading", moved.element),
    panel("zones.versions", versions, el("p", { class: "note" }, text("zones.versions_note"))),
  );
  return {
    draw(overview) {
      cameras = overview.cameras.map(({ name }) => name);
      if (!camera && cameras.length) load(cameras[0]);
    },
    close() {
      closed = true;
      clearTimeout(waiting);
    },
  };
}
