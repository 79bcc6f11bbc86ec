// Talking to the device: JSON of the same origin. Without a session the log-in page comes up.

const PATIENCE_MS = 8000;
let csrf = "";

/** The device answered, with an error. Anything else that is thrown means that it could not be reached. */
export class AnswerError extends Error {
  /** What it said of it, where it said it as JSON. */
  content = null;
}

/** A person asked for it. */
export const getJson = (path) => ask(path, {});

/** The page looks by itself: nobody need be there, and the session runs out. */
export const pollJson = (path) => ask(path, { headers: { "X-Poll": "1" } });

export const postJson = (path, content = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(content) });

/** Who is logged in; what changes something needs what is learnt here. */
export async function learnMe() {
  const me = await getJson("/api/v1/me");
  csrf = me.csrf;
  return me;
}

async function ask(path, { headers, ...request }) {
  const answer = await fetch(path, { ...request, headers: { Accept: "application/json", ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 401) {
    location.assign("/login");
    return new Promise(() => {}); // the page is on its way out
  }
  if (!answer.ok) {
    const error = new AnswerError(`${path}: status ${answer.status}`);
    error.content = await answer.json().catch(() => null);
    throw error;
  }
  return answer.json();
}
