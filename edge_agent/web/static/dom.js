// Building elements. What comes from outside becomes text nodes and attribute values, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; absent (null, undefined, false) attributes and children are left out, strings become text. */
export function el(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

/** Replaces what is inside an element; absent children are left out here too. */
export function renew(element, ...children) {
  element.replaceChildren(...children.flat(2).filter(isPresent));
}

export const byId = (id) => document.getElementById(id);

/** Brings the children of `parent` into this order, moving only what is out of place and keeping the focus where it is. */
export function arrange(parent, children) {
  const focused = document.activeElement;
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (isPresent(value)) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter(isPresent));
  return element;
}

const isPresent = (value) => value !== null && value !== undefined && value !== false;
