// Users, tokens and the audit log, for admins. A new secret is shown once, in a dialog.

import { deleteJson, getJson, now, postJson } from "../api.js";
import { drawAudit } from "../audit_list.js";
import { el, renew } from "../dom.js";
import { button, choice, submitted, written } from "../fields.js";
import { time } from "../format.js";
import { text } from "../language.js";
import { me, ROLES } from "../me.js";
import { showSecret, sure } from "../secrets.js";
import { empty, failure, reasonOf } from "../telling.js";

const NAME = "[A-Za-z0-9][A-Za-z0-9_.@\\-]{0,62}";
const TOKEN_NAME = "[A-Za-z0-9][A-Za-z0-9_.\\-]{0,62}";
const roles = () => ROLES.map((role) => [role, text(`forms.role.${role}`)]);

export function open(root) {
  const content = el("div", { class: "stack" }, el("p", { class: "note" }, text("loading")));
  root.append(el("h2", {}, text("users.heading")), content);
  me().then(
    ({ name, may }) => renew(content, may("admin") ? [people(name), tokens(), ownPassword(), drawAudit()] : [empty(text("users.only_admins"), text("users.only_admins_next")), ownPassword()]),
    (error) => renew(content, failure(error)),
  );
}

function people(myself) {
  return kept(
    "users.people",
    "/api/v1/users",
    ({ users }, act) => {
      const row = ({ name, role, disabled }) => {
        const path = `/api/v1/users/${encodeURIComponent(name)}`;
        const one = choice(text("users.role_of", { name }), roles(), role, (chosen) => act(() => postJson(`${path}/role`, { role: chosen })));
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, name, name === myself && el("span", { class: "note" }, ` ${text("users.myself")}`), disabled && [" ", el("span", { class: "remark" }, text("users.disabled"))]),
          el("td", { class: "bare" }, one),
          el(
            "td", // one's own password ends this session: it has a form of its own
            { class: "deeds" },
            name !== myself && button(text("users.new_password"), async () => (await sure(text("users.sure_password", { name }))) && act(async () => showPassword(await postJson(`${path}/password`, {})))),
            name !== myself && (disabled ? button(text("users.enable"), () => act(() => postJson(`${path}/enable`, {}))) : button(text("users.disable"), async () => (await sure(text("users.sure_disable", { name }))) && act(() => postJson(`${path}/disable`, {})))),
            name !== myself && button(text("users.remove"), async () => (await sure(text("users.sure_remove", { name }))) && act(() => deleteJson(path))),
          ),
        );
      };
      return table(["name", "role", "deeds"], users.map(row));
    },
    (act) => {
      const [name, role] = [written(text("users.name"), { required: "", pattern: NAME, maxlength: 63, title: text("users.name_why") }), choice(text("users.role"), roles(), "operator")];
      return submitted(text("users.new_user"), [name, role], text("users.add"), () =>
        act(async () => {
          showPassword(await postJson("/api/v1/users", { name: name.field.value, role: role.field.value }));
          name.field.value = "";
        }),
      );
    },
  );
}

function tokens() {
  return kept(
    "users.tokens",
    "/api/v1/tokens",
    (answer, act) => {
      if (answer.tokens.length === 0) return empty(text("users.no_tokens"), text("users.no_tokens_next"));
      const when = (at, never) => (at ? time(Date.parse(at), now()) : text(never));
      const row = (one) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, one.name),
          el("td", {}, text(`forms.role.${one.role}`)),
          el("td", {}, [when(one.made_at, "users.never"), one.made_by].filter(Boolean).join(" · ")),
          el("td", { class: one.expires_at && Date.parse(one.expires_at) < now() && "warning" }, when(one.expires_at, "users.never")),
          el("td", {}, when(one.used_at, "users.not_yet")),
          el("td", { class: "deeds" }, button(text("users.revoke"), async () => (await sure(text("users.sure_revoke", { name: one.name }))) && act(() => deleteJson(`/api/v1/tokens/${one.name}`)))),
        );
      return table(["name", "role", "made", "expires", "used", "deeds"], answer.tokens.map(row));
    },
    (act) => {
      const fields = {
        name: written(text("users.name"), { required: "", pattern: TOKEN_NAME, maxlength: 63, title: text("users.name_why") }),
        role: choice(text("users.role"), roles(), "viewer"),
        expires: written(text("users.expires"), { type: "date" }),
      };
      return submitted(text("users.new_token"), Object.values(fields), text("users.make"), () =>
        act(async () => {
          const [name, role, expires] = Object.values(fields).map(({ field }) => field.value);
          const { token } = await postJson("/api/v1/tokens", { name, role, ...(expires && { expires_at: new Date(`${expires}T00:00`).toISOString() }) });
          showSecret(text("users.token_of", { name }), token);
          fields.name.field.value = "";
        }),
      );
    },
  );
}

/** For everybody: another one than an admin has made. It ends all sessions, and the log-in page comes. */
function ownPassword() {
  const [old, fresh] = [
    written(text("users.old"), { type: "password", required: "", autocomplete: "current-password" }),
    written(text("users.fresh"), { type: "password", required: "", minlength: 8, maxlength: 256, autocomplete: "new-password" }),
  ];
  return submitted(text("users.own_password"), [old, fresh], text("users.change"), async () => {
    try {
      await postJson("/api/v1/me/password", { old: old.field.value, new: fresh.field.value });
    } catch (error) {
      return error.content?.field === "old" ? text(error.content.status === 429 ? "log_in_locked" : "users.wrong_old") : reasonOf(error);
    }
    location.assign("/login");
    return null;
  });
}

/** A list that is read anew after each deed, with the form beside it. `act(deed)` gives null or why it was refused. */
function kept(heading, path, draw, makeForm) {
  const [list, why] = [el("div", {}), el("p", { class: "note warning", role: "alert" })];

  async function refresh() {
    try {
      renew(list, draw(await getJson(path), act));
    } catch (error) {
      renew(list, failure(error));
    }
  }

  async function act(deed) {
    try {
      await deed();
      why.textContent = "";
    } catch (error) {
      why.textContent = reasonOf(error);
    }
    await refresh();
    return why.textContent || null;
  }

  refresh();
  return el("section", {}, el("h3", { class: "heading" }, text(heading)), el("div", { class: "columns" }, el("div", { class: "figure" }, why, list), makeForm(act)));
}

const showPassword = ({ name, password }) => showSecret(text("users.password_of", { name }), password);

function table(heads, rows) {
  return el("div", { class: "wide", tabindex: "0" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, text(`users.column.${name}`))))), el("tbody", {}, rows)));
}
