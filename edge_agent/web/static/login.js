// The log-in page: its language, and why the last attempt failed. The form itself works without this script.

import { byId } from "./dom.js";
import { setLanguage, text, translatePage } from "./language.js";

const question = new URLSearchParams(location.search);
const failure = ["locked", "failed", "nobody"].find((one) => question.has(one));

function draw() {
  translatePage();
  document.title = `${text("log_in")} · Kerbwatch`;
  byId("failure").textContent = failure ? text(`log_in_${failure}`) : "";
}

document.querySelector("[data-switch=language]").addEventListener("click", (event) => {
  setLanguage(event.currentTarget.lang);
  draw();
});
draw();
