// What is wrong with a device by what the collector knows of it: trouble by trouble, the worst first. No DOM here.

const OLD_BACKLOG_S = 300;
const WORST_CLOCK_MS = 1000;

const TOLD_APART = ["camera", "link", "outbox", "clock"]; // by troubles of their own
const topicOf = (item) => item.id.split("/")[0];
const isCamera = (item) => topicOf(item) === "camera";
const badThings = (one) => (one.health?.items ?? []).filter(({ level }) => level === "bad");

/** What the device itself calls bad, and no other trouble tells. */
export const unwellThings = (one) => badThings(one).filter((item) => !TOLD_APART.includes(topicOf(item)));

/** Each trouble is `bad`, nothing comes from there, or `mild`: something does. */
const TROUBLES = {
  offline: { level: "bad", is: (one) => !one.online },
  silent: { level: "bad", is: (one) => one.online && one.silent },
  camera: { level: "bad", is: (one) => (one.cameras ?? []).some(({ state }) => state === "failed" || state === "waiting") || badThings(one).some(isCamera) },
  full: { level: "bad", is: (one) => one.disk_full === true },
  new: { level: "mild", is: (one) => one.online && !one.last_event_at },
  missing: { level: "mild", is: (one) => one.missing > 0 },
  backlog: { level: "mild", is: (one) => (one.outbox?.oldest_s ?? 0) > OLD_BACKLOG_S },
  unwell: { level: "mild", is: (one) => unwellThings(one).length > 0 },
  clock: { level: "mild", is: (one) => one.clock === "unsynced" || (one.clock_error_ms ?? 0) > WORST_CLOCK_MS },
  unstored: { level: "mild", is: (one) => one.unstored > 0 },
  cameraless: { level: "mild", is: (one) => one.online && one.cameras.length === 0 },
};
const LEVELS = ["bad", "mild", "well"];

/** The names of its troubles: devices.trouble and devices.next have their words. */
export const troublesOf = (device) => Object.keys(TROUBLES).filter((name) => TROUBLES[name].is(device));

/** "bad", "mild" or "well". */
export function levelOf(device) {
  const found = troublesOf(device).map((name) => LEVELS.indexOf(TROUBLES[name].level));
  return LEVELS[Math.min(...found, LEVELS.length - 1)];
}

export const levelOfTrouble = (name) => TROUBLES[name].level;

const lastMs = (device) => Date.parse(device.last_event_at ?? 0);

/** Ways to sort, by the column's name. */
export const ORDERS = {
  health: (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || a.device.localeCompare(b.device),
  device: (a, b) => a.device.localeCompare(b.device),
  site: (a, b) => (a.site ?? "").localeCompare(b.site ?? "") || a.device.localeCompare(b.device),
  last: (a, b) => lastMs(a) - lastMs(b) || a.device.localeCompare(b.device),
  missing: (a, b) => b.missing - a.missing || a.device.localeCompare(b.device),
  software: (a, b) => (a.software ?? "").localeCompare(b.software ?? "") || a.device.localeCompare(b.device),
};

/** Does what is written in the filter stand in its name, site, cameras or software? */
export const matches = (device, written) => device.words.includes(written.trim().toLocaleLowerCase());

/** The device with what is asked of it often. */
export const known = (device) => ({
  ...device,
  level: levelOf(device),
  troubles: troublesOf(device),
  words: [device.device, device.site, device.software, ...device.cameras].join("\n").toLocaleLowerCase(),
});
