// Fields of a form, each with its label: chosen from some, or written. And a button that does one thing.

import { el } from "./dom.js";

let made = 0; // labels and fields find one another by number

/** A label and the field inside a <p>; the field itself is its `.field`. */
export function labelled(label, field) {
  field.id ||= `field-${(made += 1)}`;
  const whole = el("p", { class: "field" }, el("label", { for: field.id }, label), field);
  return Object.assign(whole, { field });
}

/** `options` are [value, words]; `onChange(value)` hears of a choice. */
export function choice(label, options, value, onChange = () => {}) {
  const field = el("select", {}, options.map(([one, words]) => el("option", { value: one, selected: one === value ? "" : null }, words)));
  field.addEventListener("change", () => onChange(field.value));
  return labelled(label, field);
}

/** `attributes` are those of the <input>; `suggested` are offered, and others may be written. */
export function written(label, attributes = {}, suggested = null) {
  const field = el(attributes.rows ? "textarea" : "input", { autocomplete: "off", ...attributes });
  const whole = labelled(label, field);
  if (suggested) {
    field.setAttribute("list", `${field.id}-list`);
    whole.append(el("datalist", { id: `${field.id}-list` }, suggested.map((one) => el("option", { value: one }))));
  }
  return whole;
}

/** A button; while what it does is under way it cannot be pressed again. */
export function button(words, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await act(made);
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** A form: `submit()` does it, and gives null or why it did not. */
export function submitted(heading, fields, words, submit) {
  const why = el("p", { class: "note warning", role: "alert" });
  const send = el("button", { class: "do" }, words);
  const form = el("form", { class: "figure form" }, el("h3", {}, heading), fields, why, send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      why.textContent = (await submit()) ?? "";
    } finally {
      send.disabled = false;
    }
  });
  return form;
}
