// Runs before the first paint, as a classic script: the remembered theme and language, so that the page does not flash.
(() => {
  const remembered = (name) => {
    try {
      return localStorage.getItem(`kerbwatch.${name}`);
    } catch {
      return null; // storage is refused: the defaults stand
    }
  };
  document.documentElement.dataset.theme = remembered("theme") === "light" ? "light" : "dark";
  document.documentElement.lang = remembered("language") === "en" ? "en" : "vi";
})();
