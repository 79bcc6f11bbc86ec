// The overview: open alerts by urgency, or that there are none; what has ended; the last minute's traffic; the devices.

import { makeLists } from "../alert_list.js";
import { countOnline, drawDevices } from "../devices.js";
import { el } from "../dom.js";
import { showPlace } from "../header.js";
import { alerts, isLoaded, watch } from "../known.js";
import { text } from "../language.js";
import { panel } from "../panels.js";
import { drawTraffic } from "../traffic.js";

const MOST_CAMERAS = 12; // the rest stands on pages of its own
const MOST_DEVICES = 30;

export function open(root, _rest, { lost }) {
  const traffic = el("div", { id: "traffic" });
  const devices = el("div", { id: "devices" });
  const online = el("span", { id: "devices-online", class: "total" });
  const list = el("section", { class: "alerts", tabindex: "0", "aria-labelledby": "alerts-heading" });
  const lists = makeLists(list);
  root.append(
    list,
    el(
      "aside",
      { "data-label": "side", "aria-label": text("side") },
      section("traffic", "last_minute", null, traffic),
      section("devices", "devices_heading", online, devices),
    ),
  );
  const panels = [
    panel(traffic, "/api/v1/traffic?minutes=1", ({ minutes }) => drawTraffic(minutes, MOST_CAMERAS), { lost }),
    panel(devices, "/api/v1/devices?streams=false", ({ devices: known }) => {
      online.textContent = countOnline(known);
      showPlace(known);
      return drawDevices(known, MOST_DEVICES);
    }, { lost }),
  ];
  const show = (options) => lists.show(alerts, { known: isLoaded(), ...options });
  const unwatch = watch(show);
  show();

  function draw() {
    show({ all: true });
    for (const one of panels) one.draw();
  }

  function close() {
    unwatch();
    lists.close();
    for (const one of panels) one.close();
  }

  return { draw, close };
}

function section(name, heading, aside, content) {
  const title = el("h2", { id: `${name}-heading` }, el("span", { "data-text": heading }, text(heading)), aside && " ", aside);
  return el("section", { tabindex: "0", "aria-labelledby": `${name}-heading` }, title, content);
}
