// What this browser remembers for whoever uses it: language and theme. Without storage a choice lasts as long as the page.

export function remember(name, value) {
  try {
    localStorage.setItem(`kerbwatch.${name}`, value);
  } catch {
    // storage is refused or full
  }
}

export function remembered(name) {
  try {
    return localStorage.getItem(`kerbwatch.${name}`);
  } catch {
    return null;
  }
}
