// Runs before the first paint, as a classic script: the remembered theme and language, so that the page does not flash.
(() => {
  const remembered = (name) => {
    try {
      return localStorage.getItem(`kerbwatch.${name}`);
    } catch {
      return null; // storage is refused: the defaults stand
    }
  };
  const preferred = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const root = document.documentElement;
  root.dataset.theme = remembered("theme") ?? preferred;
  root.lang = remembered("language") === "en" ? "en" : "vi";
  root.toggleAttribute("data-wall", remembered("wall") === "on");
})();
