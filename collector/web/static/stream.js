// The live connection: load what stands, then follow the stream; whatever breaks, wait a little and do both again.

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

/**
 * `load()` resolves to the sequence number to follow from. `onAlert(alert)` is called for each change, `onLive()` and
 * `onLost()` when the connection comes and goes. Returns {lost}: tell it that the collector did not answer elsewhere.
 */
export function follow({ load, onAlert, onLive, onLost }) {
  let source = null;
  let waiting = false;
  let failures = 0;

  async function connect() {
    waiting = false;
    let from;
    try {
      from = await load();
    } catch (error) {
      console.warn(`alerts: ${error.message}`);
      return lost();
    }
    if (waiting) return; // declared lost meanwhile
    source = new EventSource(`/api/v1/alerts/stream?last_event_id=${from}`);
    source.addEventListener("open", () => {
      failures = 0;
      onLive();
    });
    source.addEventListener("alert", (event) => onAlert(JSON.parse(event.data)));
    source.addEventListener("reset", lost); // the changes after `from` are kept no longer: what stands is loaded again
    source.addEventListener("error", lost);
  }

  function lost() {
    if (waiting) return;
    waiting = true;
    source?.close();
    source = null;
    onLost();
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++);
    setTimeout(connect, longest * (0.5 + Math.random() / 2)); // spread: every console returns after a restart
  }

  connect();
  return { lost };
}
