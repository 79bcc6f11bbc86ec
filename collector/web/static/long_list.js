// A list of any length, drawn as lines of one height: only those in sight, and some above and below them, are in the page.

const SPARE = 12; // lines drawn out of sight, so that a turn of the wheel meets no gap

/** `drawLine(element or null, item, anew)` gives the element of an item. Gives {show, reveal, close}. */
export function longList(list, drawLine) {
  const drawn = new Map(); // id -> element
  let items = [];
  let height = 0;

  /** Without items the list is somebody else's again. */
  function show(given, anew = false) {
    if (given.length === 0) return items.length > 0 && close();
    if (items.length === 0) begin(given[0]);
    items = given;
    list.style.height = `${items.length * height}px`;
    drawSight(anew);
  }

  function begin(sample) {
    list.classList.add("lines");
    list.replaceChildren(drawLine(null, sample, true));
    height = list.firstElementChild.offsetHeight;
    list.replaceChildren();
    addEventListener("scroll", onScroll, { capture: true, passive: true });
    addEventListener("resize", onResize);
  }

  function close() {
    items = [];
    drawn.clear();
    list.replaceChildren();
    list.classList.remove("lines");
    list.style.height = "";
    removeEventListener("scroll", onScroll, { capture: true });
    removeEventListener("resize", onResize);
  }

  function onScroll() {
    drawSight(false);
  }

  function onResize() {
    const again = items;
    const chosen = focusedId();
    close();
    show(again);
    if (chosen) step(chosen, 0)?.focus({ preventScroll: true });
  }

  function drawSight(anew) {
    const { top } = list.getBoundingClientRect();
    const first = Math.max(0, Math.floor(-top / height) - SPARE);
    const last = Math.min(items.length, Math.ceil((innerHeight - top) / height) + SPARE);
    const kept = new Set(items.slice(first, last).map(({ id }) => id));
    const focused = focusedId();
    if (items.some(({ id }) => id === focused)) kept.add(focused); // also out of sight, or its keys would go nowhere
    for (const [id, element] of drawn) {
      if (kept.has(id)) continue;
      element.remove();
      drawn.delete(id);
    }
    for (let i = first; i < last; i += 1) place(i, anew);
  }

  function place(i, anew) {
    const element = drawLine(drawn.get(items[i].id) ?? null, items[i], anew);
    element.style.top = `${i * height}px`;
    element.setAttribute("aria-posinset", i + 1);
    element.setAttribute("aria-setsize", items.length);
    if (!element.isConnected) list.append(element);
    drawn.set(items[i].id, element);
  }

  const focusedId = () => list.contains(document.activeElement) && document.activeElement.closest(".line")?.dataset.id;

  /** Draws and gives the item `by` steps from the one with this id, or the first one. */
  function step(id, by) {
    const from = items.findIndex((item) => item.id === id);
    const i = from < 0 ? 0 : from + by;
    if (!(i in items)) return null;
    place(i, false);
    return drawn.get(items[i].id);
  }

  return { show, step, close, isInUse: () => items.length > 0 };
}
