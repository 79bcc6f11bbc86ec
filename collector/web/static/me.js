// Who is logged in and what he may do: pages show no button that would be refused.

import { getJson } from "./api.js";

export const ROLES = ["viewer", "operator", "engineer", "admin"]; // each may do what the ones before it may

let asked = null;

/** {name, role, may(role)}; asked for once. */
export function me() {
  asked ??= getJson("/api/v1/me").then(({ name, role }) => ({ name, role, may: (wanted) => ROLES.indexOf(role) >= ROLES.indexOf(wanted) }));
  asked.catch(() => (asked = null)); // the next page asks again
  return asked;
}
