// A short, quiet two-tone chime for new critical and high alerts. Off until the operator switches it on.

import { remember, remembered } from "./preferences.js";

const TONES_HZ = [659, 880];
const TONE_S = 0.16;
const LOUDNESS = 0.12;
const PAUSE_MS = 3000; // a burst of alerts rings once

let context = null;
let lastRungMs = 0;

/** "off", "on", or "blocked": wanted, but the browser waits for a key or a click before it lets a page sound. */
export function soundState() {
  if (remembered("sound") !== "on") return "off";
  return context?.state === "running" ? "on" : "blocked";
}

/** Off becomes on and the other way round; a blocked sound is resumed. Call it from a click or a key. */
export async function toggleSound() {
  if (soundState() === "on") {
    remember("sound", "off");
    return;
  }
  remember("sound", "on");
  await resumeSound();
  chime(); // lets the operator hear what it will be like
}

export async function resumeSound() {
  if (remembered("sound") !== "on") return;
  context ??= new AudioContext();
  await context.resume();
}

export function ring() {
  if (soundState() !== "on" || Date.now() - lastRungMs < PAUSE_MS) return;
  lastRungMs = Date.now();
  chime();
}

function chime() {
  TONES_HZ.forEach((hz, i) => playTone(hz, context.currentTime + i * TONE_S));
}

function playTone(hz, at) {
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + TONE_S * 2);
  const tone = new OscillatorNode(context, { frequency: hz });
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + TONE_S * 2);
}
