// SPDX-License-Identifier: Apache-2.0
// People of the operator, for administrators: who there is, what they may, how they sign in. Nobody is deleted, since names stand
// in the audit. A password and a secret are made here, shown once, and told by other means; every change of what signs in ends
// the person's sessions.
import { useRef, useState } from "preact/hooks";
import { put } from "../api";
import { useLoad } from "../load";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { fieldError, focusWrong, TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Badge } from "../parts/status";
import { Table } from "../parts/table";
import { toast } from "../parts/toast";
import { go, link, place } from "../route";
import { session } from "../session";
import { t, tOf, type Key } from "../words";
import { When } from "./bits";
import { can } from "./can";
import { Asking, besides, Once, passwordNew, useDeed } from "./deed";
import { codeText } from "./facts";
import { Qr } from "./qr";

interface User {
  name: string;
  principal: string;
  roles: string[];
  state: string;
  password: boolean;
  totp: boolean;
  recovery_codes_left: number;
  created_at: string;
  password_at: string | null;
}

export interface Enrolment {
  secret: string;
  uri: string;
  qr: string[];
  recovery_codes: string[];
}

interface Shown {
  title: Key;
  values: [Key, string][];
  qr?: string[];
}

const ROLES = ["viewer", "support", "reviewer", "approver", "treasurer", "auditor", "admin"] as const;
const NAME = /^[A-Za-z0-9._:@-]{1,64}$/;
/** A password that is to be seen on the screen one comes to; in no address and in no storage. */
let first: { name: string; password: string } | null = null;

const at = (name: string) => `/v1/users/${encodeURIComponent(name)}`;

function State({ of }: { of: User }) {
  return of.state === "active" ? <Badge tone="good" icon="check">{t("staff.user_active")}</Badge> : <Badge tone="idle" icon="cross">{t("staff.user_disabled")}</Badge>;
}

function RolesField({ value, onChange, error }: { value: string[]; onChange: (roles: string[]) => void; error: string | null }) {
  return (
    <fieldset class={error ? "radios wrong" : "radios"} aria-describedby={error ? "roles-error" : undefined}>
      <legend>{t("staff.roles")}</legend>
      <div class="ticks">
        {ROLES.map((role) => (
          <label key={role} class="radio">
            <input type="checkbox" name="role" value={role} checked={value.includes(role)}
                   onChange={(event) => onChange(ROLES.filter((one) => (one === role ? event.currentTarget.checked : value.includes(one))))} />
            <span class="words"><b>{tOf("staff.role", role)}</b><small>{codeText("staff.role_may", role)}</small></span>
          </label>
        ))}
      </div>
      {error ? <p class="error" id="roles-error"><Icon name="alert" /> <span>{error}</span></p> : null}
    </fieldset>
  );
}

function NewPerson({ taken, onClose }: { taken: string[]; onClose: () => void }) {
  const [name, setName] = useState(""), [roles, setRoles] = useState<string[]>(["viewer"]), [wrong, setWrong] = useState<{ name?: Key; roles?: Key }>({});
  const it = useDeed(), form = useRef<HTMLFormElement>(null);
  function mistakes(): { name?: Key; roles?: Key } {
    const found: { name?: Key; roles?: Key } = {};
    if (!NAME.test(name)) found.name = name === "" ? "mistake.required" : "staff.search_wrong";
    else if (taken.includes(name)) found.name = "staff.person_taken";
    if (roles.length === 0) found.roles = "staff.roles_needed";
    return found;
  }
  async function make(): Promise<void> {
    const found = mistakes(), password = passwordNew();
    setWrong(found);
    if (Object.keys(found).length > 0) return focusWrong(form.current);
    const done = await it.run(async () => { await put<User>("PUT", at(name), { roles, password }); });
    if (!done) return focusWrong(form.current);
    first = { name, password };
    go(["books", "people", name]);
  }
  return (
    <Dialog title={t("staff.person_new")} onClose={onClose} actions={
      <>
        <Button kind="quiet" onPress={onClose}>{t("staff.back")}</Button>
        <Button kind="primary" busy={it.busy} onPress={() => void make()}>{t("staff.person_make")}</Button>
      </>}>
      <form ref={form} class="stack" onSubmit={(event) => { event.preventDefault(); void make(); }}>
        <TextField label={t("signin.user")} value={name} onChange={setName} maxLength={64} hint={t("staff.person_name_hint")} error={wrong.name ? t(wrong.name) : fieldError(it.problem, "user")} />
        <RolesField value={roles} onChange={setRoles} error={wrong.roles ? t(wrong.roles) : fieldError(it.problem, "roles")} />
        <ProblemNote problem={besides(it.problem, "user", "roles")} onAgain={it.problem?.unheard ? () => void make() : undefined} />
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

function All() {
  const users = useLoad<{ data: User[] }>("/v1/users"), [adding, setAdding] = useState(false), all = users.data.value?.data ?? null;
  return (
    <Page title={t("staff.people")} lead={t("staff.people_lead")} actions={can("manage") && all !== null ? <Button icon="person" onPress={() => setAdding(true)}>{t("staff.person_new")}</Button> : null}>
      <ProblemNote problem={users.problem.value} onAgain={() => void users.again()} />
      {all === null ? (users.problem.value ? null : <Loading />) : (
        <Panel><Table caption={t("staff.people")} rows={all} rowKey={(one) => one.name} empty={t("staff.people_none")} columns={[
          { name: t("staff.who"), cell: (one) => <a href={link(["books", "people", one.name])}>{one.name}</a>, head: true },
          { name: t("staff.roles"), cell: (one) => one.roles.map((role) => tOf("staff.role", role)).join(", ") },
          { name: t("staff.state"), cell: (one) => <State of={one} /> },
          { name: t("staff.second_factor"), cell: (one) => one.totp ? t("staff.yes") : t("staff.no") },
          { name: t("staff.password_at"), cell: (one) => <When at={one.password_at} /> },
        ]} /></Panel>
      )}
      {adding && all !== null ? <NewPerson taken={all.map((one) => one.name)} onClose={() => setAdding(false)} /> : null}
    </Page>
  );
}

function PersonRoles({ it, onDone }: { it: User; onDone: () => void }) {
  const [roles, setRoles] = useState(it.roles), [none, setNone] = useState(false), deed = useDeed();
  const same = roles.join() === ROLES.filter((one) => it.roles.includes(one)).join();
  async function save(): Promise<void> {
    setNone(roles.length === 0);
    if (roles.length === 0 || !(await deed.run(async () => { await put<User>("PUT", at(it.name), { roles }); }))) return;
    toast(t("staff.person_changed", { name: it.name }));
    onDone();
  }
  return (
    <Panel>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <RolesField value={roles} onChange={setRoles} error={none ? t("staff.roles_needed") : fieldError(deed.problem, "roles")} />
        <div class="actions"><Button submit kind="primary" busy={deed.busy} disabled={same}>{t("staff.roles_save")}</Button><span class="muted fine">{t("staff.person_sessions")}</span></div>
        <ProblemNote problem={besides(deed.problem, "roles")} onAgain={deed.problem?.unheard ? () => void save() : undefined} />
      </form>
    </Panel>
  );
}

function SigningIn({ it, onDone }: { it: User; onDone: (shown?: Shown) => void }) {
  async function password(): Promise<void> {
    const made = passwordNew();
    await put<User>("PUT", at(it.name), { password: made });
    onDone({ title: "staff.password_shown", values: [["signin.password", made]] });
  }
  async function secret(): Promise<void> {
    const { body } = await put<Enrolment>("PUT", `${at(it.name)}/totp`, {});
    onDone({ title: "staff.totp_shown", values: secrets(body), qr: body.qr });
  }
  const change = (how: () => Promise<unknown>) => async () => {
    await how();
    toast(t("staff.person_changed", { name: it.name }));
    onDone();
  };
  const name = it.name;
  return (
    <Panel title={t("staff.signing_in")}>
      <div class="stack">
        <Facts facts={[
          [t("staff.state"), <State of={it} />],
          [t("staff.password_at"), <When at={it.password_at} />],
          [t("staff.second_factor"), it.totp ? t("staff.totp_on", { n: it.recovery_codes_left }) : t("staff.no")],
          [t("staff.person_since"), <When at={it.created_at} />],
        ]} />
        <div class="actions">
          <Asking verb={t("staff.password_new")} title={t("staff.password_ask", { name })} about={t("staff.password_about")} deed={password} />
          <Asking verb={it.totp ? t("staff.totp_again") : t("staff.totp_new")} title={t("staff.totp_ask", { name })} about={t("staff.totp_about")} deed={secret} />
          {it.totp ? <Asking danger verb={t("staff.totp_off")} title={t("staff.totp_off_ask", { name })} about={t("staff.totp_off_about")} deed={change(() => put("DELETE", `${at(name)}/totp`))} /> : null}
          {it.state === "active"
            ? <Asking danger verb={t("staff.disable")} title={t("staff.disable_ask", { name })} about={t("staff.disable_about")} deed={change(() => put("PUT", at(name), { state: "disabled" }))} />
            : <Asking verb={t("staff.enable")} title={t("staff.enable_ask", { name })} about={t("staff.enable_about")} deed={change(() => put("PUT", at(name), { state: "active" }))} />}
        </div>
      </div>
    </Panel>
  );
}

export function secrets(told: Enrolment): [Key, string][] {
  return [["staff.totp_secret", told.secret], ["staff.totp_uri", told.uri], ["staff.totp_recovery", told.recovery_codes.join(" ")]];
}

function PersonPage({ name }: { name: string }) {
  const it = useLoad<User>(at(name)), user = it.data.value, self = session.value?.principal === user?.principal, manages = can("manage") && !self;
  const [shown, setShown] = useState<Shown | null>(() => {
    const password = first?.name === name ? first.password : null;
    first = null;
    return password === null ? null : { title: "staff.password_shown", values: [["signin.password", password]] };
  });
  const done = (what?: Shown) => {
    if (what !== undefined) setShown(what);
    void it.again();
  };
  return (
    <Page title={name} crumb={<a href={link(["books", "people"])}>{t("staff.people")}</a>}
          lead={self ? t("staff.person_self") : undefined}>
      <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} />
      {shown === null ? null : <Once key={shown.values[0]?.[1]} title={t(shown.title, { name })} about={t("staff.once_about")} values={shown.values} onClose={() => setShown(null)}>{shown.qr ? <Qr rows={shown.qr} label={t("staff.own_qr")} /> : null}</Once>}
      {user === null ? (it.problem.value ? null : <Loading />) : (
        <>
          {manages ? <SigningIn it={user} onDone={done} /> : <Panel><State of={user} /></Panel>}
          {manages ? <PersonRoles key={user.roles.join()} it={user} onDone={done} /> : null}
        </>
      )}
    </Page>
  );
}

/** Everybody, or the person whom the address names. */
export function People() {
  const name = place.value.path[2];
  return name === undefined ? <All /> : <PersonPage key={name} name={name} />;
}
