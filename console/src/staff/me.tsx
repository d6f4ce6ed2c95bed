// SPDX-License-Identifier: Apache-2.0
// What a person changes of itself: the password, and one-time codes. The server offers a secret; it is taken when the
// authenticator has shown a code of it. Who asks is proven once more, and all sessions of the person end, this one too.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Problem, prove } from "../api";
import { dayTime } from "../dates";
import { useLoad } from "../load";
import { Button } from "../parts/button";
import { fieldError, focusWrong, TextField } from "../parts/field";
import { Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { own, session, signOut } from "../session";
import { t, type Key } from "../words";
import { besides, Once, useDeed, wrongWith } from "./deed";
import { Qr } from "./qr";
import { secrets, type Enrolment } from "./people";

interface Offer {
  secret: string;
  uri: string;
  qr: string[];
  offer: string;
  until: string;
}

/** Who it is, once more: the password, and a code where codes are asked for. */
function useProof(also: string[]) {
  const [password, setPassword] = useState(""), [otp, setOtp] = useState(""), [tried, setTried] = useState(false);
  const it = useDeed(), form = useRef<HTMLFormElement>(null), refused = it.problem?.status === 401;
  async function ask<T>(path: string, body: Record<string, string>, then: (answer: T) => void): Promise<void> {
    setTried(true);
    if ([password, ...Object.values(body)].includes("")) return focusWrong(form.current);
    const done = await it.run(async () => then((await prove<T>("PUT", path, { ...body, password, otp: otp.trim() || null })).body));
    if (!done) focusWrong(form.current);
  }
  const empty = (value: string): string | null => (tried && value === "" ? t("mistake.required") : null);
  const fields = (
    <>
      <TextField label={t("staff.own_password_now")} value={password} onChange={setPassword} type="password" autocomplete="current-password" required={false}
                 error={empty(password) ?? (refused ? t("staff.own_refused") : fieldError(it.problem, "password"))} />
      <TextField label={t("staff.own_otp")} value={otp} onChange={setOtp} autocomplete="one-time-code" maxLength={32} optional hint={t("staff.own_otp_hint")} error={fieldError(it.problem, "otp")} />
    </>
  );
  const problem: Problem | null = refused ? null : besides(it.problem, "password", "otp", ...also);
  return { ask, empty, fields, form, busy: it.busy, told: it.problem, note: <ProblemNote problem={problem} /> };
}

function Form({ of, onSubmit, verb, children }: { of: ReturnType<typeof useProof>; onSubmit: () => void; verb: Key; children: ComponentChildren }) {
  return (
    <form ref={of.form} class="stack narrow" onSubmit={(event) => { event.preventDefault(); onSubmit(); }}>
      {children}
      {of.fields}
      <div class="actions"><Button kind="primary" submit busy={of.busy}>{t(verb)}</Button><span class="muted fine">{t("staff.own_sessions")}</span></div>
      {of.note}
    </form>
  );
}

function Password({ onDone }: { onDone: () => void }) {
  const [next, setNext] = useState(""), it = useProof(["new_password"]);
  const save = () => void it.ask("/v1/session/password", { new_password: next }, onDone);
  return (
    <Panel title={t("signin.password")}>
      <Form of={it} onSubmit={save} verb="staff.own_password_save">
        <TextField label={t("staff.own_password_new")} value={next} onChange={setNext} type="password" autocomplete="new-password" required={false} hint={t("staff.own_password_hint")}
                   error={it.empty(next) ?? wrongWith(it.told, "new_password", "staff.own_password_wrong")} />
      </Form>
    </Panel>
  );
}

function Taking({ offer, onAgain, onDone }: { offer: Offer; onAgain: () => void; onDone: (made: Enrolment) => void }) {
  const [code, setCode] = useState(""), it = useProof(["code", "offer"]), over = fieldError(it.told, "offer");
  const take = () => void it.ask<Enrolment>("/v1/session/totp", { offer: offer.offer, code: code.replaceAll(" ", "") }, onDone);
  return (
    <div class="enrol">
      <div class="stack">
        <p>{t("staff.own_scan")}</p>
        <Qr rows={offer.qr} label={t("staff.own_qr")} />
        <p class="fine">{t("staff.own_by_hand")} <code>{offer.secret}</code></p>
        <p class="muted fine">{t("staff.own_until", { when: dayTime(offer.until) })}</p>
      </div>
      <Form of={it} onSubmit={take} verb="staff.own_take">
        <TextField label={t("signin.otp")} value={code} onChange={setCode} inputMode="numeric" autocomplete="one-time-code" maxLength={8} required={false} hint={t("staff.own_code_hint")}
                   error={it.empty(code) ?? wrongWith(it.told, "code", "staff.own_code_wrong")} />
        {over === null ? null : <Note tone="warn" icon="clock" title={t("staff.own_over")} alert><Button small icon="again" onPress={onAgain}>{t("staff.own_offer_again")}</Button></Note>}
      </Form>
    </div>
  );
}

function Offered({ onDone }: { onDone: (made: Enrolment) => void }) {
  const it = useLoad<Offer>("/v1/session/totp"), [kept, setKept] = useState<Offer | null>(null);
  // A window that comes back reads again; the secret that was scanned is the one that is taken.
  const offer = kept ?? it.data.value;
  if (kept === null && it.data.value !== null) setKept(it.data.value);
  if (offer === null) return it.problem.value ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : <Loading />;
  return <Taking key={offer.offer} offer={offer} onAgain={() => void it.again().then(() => setKept(it.data.value))} onDone={onDone} />;
}

export function Me() {
  const [setting, setSetting] = useState(false), [made, setMade] = useState<Enrolment | null>(null), [over, setOver] = useState(false);
  const name = session.value?.principal.slice(5) ?? "";
  const again = <Button kind="primary" onPress={() => void signOut()}>{t("signin.again")}</Button>;
  if (!own()) return <Page title={t("staff.own")}><Panel><p class="empty">{t("staff.own_none")}</p></Panel></Page>;
  if (made !== null) return (
    <Page title={t("staff.own")}>
      <Once title={t("staff.own_made")} about={t("staff.own_made_about")} values={secrets(made).slice(2)} verb="staff.own_taken" onClose={() => void signOut()} />
    </Page>
  );
  if (over) return <Page title={t("staff.own")}><Note tone="good" icon="check" title={t("staff.own_password_done")} alert><p>{t("staff.own_password_done_about")}</p>{again}</Note></Page>;
  return (
    <Page title={t("staff.own")} lead={name}>
      <Panel title={t("staff.own_totp")}>
        {setting ? <Offered onDone={setMade} /> : (
          <div class="stack"><p>{t("staff.own_totp_about")}</p><div class="actions"><Button icon="person" onPress={() => setSetting(true)}>{t("staff.own_totp_begin")}</Button></div></div>
        )}
      </Panel>
      <Password onDone={() => setOver(true)} />
    </Page>
  );
}
