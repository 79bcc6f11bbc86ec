// Talking to the collector: JSON of the same origin, and the server's clock. Without a session the log-in page comes up.

const PATIENCE_MS = 8000;
const SKEW_WORTH_CORRECTING_MS = 2000; // the Date header has whole seconds

let serverAheadMs = 0;

/** The server's time: durations stay right on a wall computer whose own clock is off. */
export const now = () => Date.now() + serverAheadMs;
export const clockSkewMs = () => Math.abs(serverAheadMs);

/** The collector answered, with an error. Anything else that `getJson` throws means that it could not be reached. */
export class AnswerError extends Error {
  /** What the collector said of it, where it said it as JSON. */
  content = null;
}

export const getJson = (path) => ask(path, {});

export const postJson = (path, content) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) });

export const deleteJson = (path) => ask(path, { method: "DELETE" });

async function ask(path, { headers, ...request }) {
  const answer = await fetch(path, { ...request, headers: { Accept: "application/json", ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 401) {
    location.assign("/login");
    return new Promise(() => {}); // the page is on its way out
  }
  learnTime(answer.headers.get("Date"));
  if (!answer.ok) {
    const error = new AnswerError(`${path}: status ${answer.status}`);
    error.content = await answer.json().catch(() => null);
    throw error;
  }
  return answer.json();
}

function learnTime(header) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const ahead = server + 500 - Date.now();
  serverAheadMs = Math.abs(ahead) < SKEW_WORTH_CORRECTING_MS ? 0 : ahead;
}
