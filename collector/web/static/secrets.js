// A secret that nobody can tell again, shown in a dialog; and a question before what cannot be taken back.

import { el } from "./dom.js";
import { button } from "./fields.js";
import { text } from "./language.js";

/** Shows it until the dialog is closed; then it is nowhere in the page. */
export function showSecret(title, secret) {
  const shown = el("input", { readonly: "", value: secret, class: "secret", "aria-label": title });
  shown.addEventListener("focus", () => shown.select());
  const copy = button(text("forms.copy"), async (made) => {
    await navigator.clipboard.writeText(secret);
    made.textContent = text("forms.copied");
  });
  ask(title, [el("p", {}, text("users.once")), shown, navigator.clipboard && copy], [["close", text("close")]]);
}

/** Resolves to whether the person wants it. */
export async function sure(question) {
  return (await ask(question, [], [["no", text("forms.cancel")], ["yes", text("users.yes")]])) === "yes";
}

/** Gives the value of the button that closed the dialog; Escape is none. */
function ask(title, content, choices) {
  const heading = el("h2", { id: "asked-title" }, title);
  const dialog = el("dialog", { class: "asked", "aria-labelledby": "asked-title" }, heading, content, el("form", { method: "dialog", class: "deeds" }, choices.map(([value, words]) => el("button", { value }, words))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
