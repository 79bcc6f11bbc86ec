// One alert: what, where and since when; what people can do; every change with who and why; its evidence; what else happened.

import { badge, facts, parts, places, remarks, roadUser } from "../alert_card.js";
import { beganAt, encodedId, endedAt, isLive, titleOf } from "../alerts.js";
import { AnswerError, getJson } from "../api.js";
import { deedsOf } from "../deeds.js";
import { drawDevices } from "../devices.js";
import { el, renew } from "../dom.js";
import { drawEvidence } from "../evidence.js";
import { span } from "../format.js";
import { alerts, takeIn, watch } from "../known.js";
import { text } from "../language.js";
import { drawAround, loadAround } from "../nearby.js";
import { pictureOf } from "../shapes.js";
import { ticking } from "../ticking.js";
import { drawTimeline } from "../timeline.js";

export function open(root, id, { lost }) {
  const path = `/api/v1/alerts/${encodedId(id)}`;
  const boxes = Object.fromEntries(["head", "deeds", "timeline", "picture", "evidence", "facts", "around", "device"].map((name) => [name, el("div")]));
  let whole = null; // the collector's answer
  let seen = null; // the alert as it was when that was asked for
  let closed = false;
  let turn = 0; // of several answers under way the one asked for last counts
  layOut();

  async function load() {
    const mine = ++turn;
    seen = alerts.of(id);
    try {
      const answer = await getJson(path);
      if (closed || mine !== turn) return;
      whole = answer;
      takeIn([whole.alert]);
      seen = alerts.of(id);
      draw();
      await Promise.all([loadAround(whole.alert).then(showAround), loadDevice(whole.alert.device)]);
    } catch (error) {
      if (closed) return;
      if (!(error instanceof AnswerError)) lost();
      if (whole === null) renew(root, el("p", { class: "empty" }, text("alert.unknown"), " ", el("a", { href: "#/alerts" }, text("alert.back"))));
    }
  }

  async function loadDevice(name) {
    const device = await getJson(`/api/v1/devices/${encodeURIComponent(name)}`).catch((error) => {
      if (error instanceof AnswerError) return null; // the collector's own alarms name no device
      throw error;
    });
    if (closed || device === null) return;
    renew(boxes.device, heading("alert.device"), drawDevices([{ ...device, cameras: device.cameras.map(({ name }) => name) }]));
  }

  function showAround(around) {
    if (!closed) renew(boxes.around, drawAround(whole.alert, around));
  }

  function layOut() {
    const side = el("div", { class: "side" }, boxes.picture, boxes.evidence, boxes.device, boxes.facts);
    renew(root, boxes.head, boxes.deeds, el("div", { class: "columns" }, el("div", {}, boxes.timeline, boxes.around), side));
    renew(boxes.deeds, deedsOf(id));
  }

  function draw() {
    if (whole === null) return;
    const { alert, changes, evidence } = whole;
    const class_ = `head severity-${alert.severity}${isLive(alert) ? " open" : ""}`;
    renew(
      boxes.head,
      el("p", {}, el("a", { class: "back", href: "#/alerts" }, `← ${text("alert.back")}`)),
      el(
        "div",
        { class: class_, "data-id": alert.id },
        el("p", { class: "badges" }, badge(alert), !alert.said?.by && el("b", { class: "standing" }, text(`state.${alert.state}`)), remarks(alert)),
        el("h2", {}, titleOf(alert)),
        el("p", { class: "where" }, [...places(alert), alert.site].filter(Boolean).join(" · ")),
        el("p", { class: "when" }, parts(alert).join(" · ")),
        el("p", { class: "lasting" }, text(isLive(alert) ? "lasting" : "lasted"), " ", lasted(alert)),
      ),
    );
    renew(boxes.timeline, heading("alert.timeline"), drawTimeline(changes));
    renew(boxes.picture, alert.box && el("div", { class: `severity-${alert.severity}` }, pictureOf(alert.box)), el("ul", { class: "road-users" }, alert.road_users.map(roadUser)));
    renew(boxes.evidence, drawEvidence(path, evidence, load));
    renew(boxes.facts, heading("more"), el("dl", { class: "facts" }, facts(alert).flatMap(([name, value]) => [el("dt", {}, text(`fact.${name}`)), el("dd", {}, value)])));
  }

  const unwatch = watch(() => alerts.of(id) !== seen && load());
  load();
  return {
    draw() {
      layOut();
      load();
    },
    close() {
      closed = true;
      unwatch();
    },
  };
}

const heading = (key) => el("h3", {}, text(key));

const lasted = (alert) => (isLive(alert) ? ticking(beganAt(alert)) : span(endedAt(alert) - beganAt(alert)));
