// The scene that is being drawn, with what it was before each change. Scenes are plain JSON and are never changed in place.

const LONGEST = 200; // steps back

/** What can be drawn: `list` of the scene, `parts` of one thing in the order in which they are drawn. */
export const KINDS = {
  lanes: [{ name: "polygon", least: 3 }, { name: "centreline", least: 2 }],
  carriageway: [{ name: "polygon", least: 3 }],
  no_stop_zones: [{ name: "polygon", least: 3 }],
  count_lines: [{ name: "line", least: 2, most: 2 }],
  masks: [{ name: "polygon", least: 3 }],
};
const PREFIX = { lanes: "", carriageway: "way", no_stop_zones: "stop", count_lines: "c", masks: "m" };

export function startDrawing(scene) {
  let now = scene;
  let [before, after] = [[], []];
  return {
    get scene() {
      return now;
    },
    get canUndo() {
      return before.length > 0;
    },
    get canRedo() {
      return after.length > 0;
    },
    change(next) {
      before = [...before, now].slice(-LONGEST);
      [now, after] = [next, []];
    },
    undo() {
      if (!before.length) return;
      after = [...after, now];
      now = before.at(-1);
      before = before.slice(0, -1);
    },
    redo() {
      if (!after.length) return;
      before = [...before, now];
      now = after.at(-1);
      after = after.slice(0, -1);
    },
  };
}

/** A name that is free in the list: `1`, `2` for lanes, `m1` for masks. */
export function freeId(scene, list) {
  const taken = new Set((scene[list] ?? []).map(({ id }) => id));
  for (let n = 1; ; n += 1) if (!taken.has(`${PREFIX[list]}${n}`)) return `${PREFIX[list]}${n}`;
}

export const added = (scene, list, thing) => ({ ...scene, [list]: [...(scene[list] ?? []), thing] });
export const without = (scene, list, index) => ({ ...scene, [list]: scene[list].filter((_, n) => n !== index) });
export const altered = (scene, list, index, changes) => ({ ...scene, [list]: scene[list].map((one, n) => (n === index ? { ...one, ...changes } : one)) });

/** One point of one part somewhere else; null takes it away. */
export function movedPoint(scene, { list, index, part, point }, place) {
  const points = scene[list][index][part];
  return altered(scene, list, index, { [part]: place ? points.map((one, n) => (n === point ? place : one)) : points.filter((_, n) => n !== point) });
}

/** The pairs of the calibration changed; it is no longer one that was worked out. Less than one: there is none. */
export function withPairs(scene, pairs) {
  const { calibration, ...rest } = scene;
  if (!pairs.length) return rest;
  const origin = calibration?.origin ? { origin: calibration.origin } : {};
  return { ...rest, calibration: { pairs, method: "pairs", ...origin } };
}
