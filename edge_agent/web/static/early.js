// Runs before the first paint, as a classic script: the remembered theme and language, so that the page does not flash.
(() => {
  const remembered = (name) => {
    try {
      return localStorage.getItem(`kerbwatch.${name}`);
    } catch {
      return null; // storage is refused: the defaults stand
    }
  };
  const root = document.documentElement;
  root.dataset.theme = remembered("theme") ?? "light"; // under the sun a bright page is read best
  root.lang = remembered("language") === "en" ? "en" : "vi";
})();
