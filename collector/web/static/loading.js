// Loading the alerts that stand, page by page: what is shown first is there at once, however many there are.

import { getJson } from "./api.js";
import { alerts, markLoaded, takeIn } from "./known.js";

const PER_PAGE = 500;
const CLOSED_SHOWN = 30;
const OLDER_AT_ONCE = 50;

let olderFrom = null; // a cursor: where alerts begin that ended longer ago than those that are known

/**
 * All open alerts and the last closed ones; gives the sequence number to follow from. Closed ones first: one that ends between
 * the questions is then missing below, rather than shown as open for ever. `hear` takes in what comes.
 */
export async function loadAlerts(hear) {
  const { alerts: found, next: older } = await page("closed", CLOSED_SHOWN, null);
  olderFrom = older;
  hear(found);
  for (let before; before !== null; ) {
    const { alerts: open, next } = await page("open", PER_PAGE, before);
    hear(open);
    found.push(...open);
    before = next;
  }
  alerts.keepOnly(found);
  markLoaded();
  return found.reduce((newest, { seq }) => Math.max(newest, seq), 0);
}

export const areOlder = () => olderFrom !== null;

/** Some more of the alerts that have ended. */
export async function loadOlder() {
  const { alerts: found, next } = await page("closed", OLDER_AT_ONCE, olderFrom);
  olderFrom = next;
  alerts.keepMoreClosed(OLDER_AT_ONCE);
  takeIn(found);
}

const page = (state, limit, before) => getJson(`/api/v1/alerts?state=${state}&limit=${limit}${before == null ? "" : `&before=${before}`}`);
