// What a technician does here, and what was said and done before.

import { el, renew } from "../dom.js";
import { text } from "../language.js";
import { auditPanel } from "../service/audit.js";
import { deedsPanel } from "../service/deeds.js";
import { logPanel } from "../service/log.js";
import { maintenancePanel } from "../service/maintenance.js";

export function open(root) {
  const panels = [maintenancePanel(), deedsPanel(), logPanel(), auditPanel()];
  renew(root, panels.map(({ key, content }) => el("section", { class: "panel" }, el("h2", {}, text(key)), content)));
  return {
    draw: (overview) => panels.forEach((panel) => panel.draw?.(overview)),
    close: () => panels.forEach((panel) => panel.close?.()),
  };
}
