// SPDX-License-Identifier: Apache-2.0
// Signing in: with a token that the operator's own site handed out, as staff, or, in the demo, as one of its people.
import { useRef, useState } from "preact/hooks";
import { Problem } from "./api";
import { PEOPLE, type DemoPerson } from "./demo";
import { Button } from "./parts/button";
import { Dialog } from "./parts/dialog";
import { focusWrong, TextField } from "./parts/field";
import { Icon } from "./parts/icon";
import { ProblemNote } from "./parts/problem";
import { demo, ended, signIn, signOut, type Credentials } from "./session";
import { Brand, Choices } from "./shell";
import { t, tOf } from "./words";

function useSignIn() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  async function enter(name: string, credentials: Credentials): Promise<void> {
    if (busy !== null) return;
    setBusy(name);
    setProblem(null);
    try {
      await signIn(credentials);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
    setBusy(null);
  }
  return { problem, busy, enter };
}

function Card({ person, busy, onPress }: { person: DemoPerson; busy: boolean; onPress: () => void }) {
  return (
    <button type="button" class="card" data-person={person.token} aria-busy={busy} onClick={onPress}>
      <Icon name={person.icon} />
      <span class="words"><b>{person.name}</b><small>{tOf("person", person.key)}</small></span>
      <Icon name="next" />
    </button>
  );
}

function DemoPeople() {
  const { problem, busy, enter } = useSignIn();
  const groups = [...new Set(PEOPLE.map((person) => person.group))];
  return (
    <div class="people">
      <ProblemNote problem={problem} />
      {groups.map((group) => (
        <section key={group}>
          <h2>{tOf("policy", group)}</h2>
          <div class="cards">
            {PEOPLE.filter((person) => person.group === group).map((person) => (
              <Card key={person.token} person={person} busy={busy === person.token} onPress={() => void enter(person.token, { token: person.token })} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function TokenForm() {
  const { problem, busy, enter } = useSignIn();
  const [token, setToken] = useState("");
  const form = useRef<HTMLFormElement>(null);
  return (
    <form ref={form} class="stack" onSubmit={(event) => { event.preventDefault(); void enter("token", { token }).then(() => focusWrong(form.current)); }}>
      <ProblemNote problem={problem} />
      <TextField label={t("signin.token")} value={token} onChange={setToken} autocomplete="current-password" type="password" hint={t("signin.token_hint")} />
      <div class="actions"><Button kind="primary" submit busy={busy !== null}>{t("signin.enter")}</Button></div>
    </form>
  );
}

function useStaff() {
  const [user, setUser] = useState(""), [password, setPassword] = useState(""), [otp, setOtp] = useState("");
  const fields = (
    <>
      <TextField label={t("signin.user")} value={user} onChange={setUser} autocomplete="username" />
      <TextField label={t("signin.password")} value={password} onChange={setPassword} type="password" autocomplete="current-password" />
      <TextField label={t("signin.otp")} value={otp} onChange={setOtp} autocomplete="one-time-code" maxLength={32} optional hint={t("signin.otp_hint")} />
    </>
  );
  return { fields, credentials: (): Credentials => ({ user: user.trim(), password, otp: otp.trim() || null }) };
}

function StaffForm() {
  const { problem, busy, enter } = useSignIn(), { fields, credentials } = useStaff();
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); void enter("staff", credentials()); }}>
      <ProblemNote problem={problem} />
      {fields}
      <div class="actions"><Button kind="primary" submit busy={busy !== null}>{t("signin.enter")}</Button></div>
    </form>
  );
}

export function SignIn() {
  return (
    <div class="signin">
      <header class="signin-head"><Brand /><Choices /></header>
      <main id="content" tabIndex={-1}>
        <h1>{demo ? t("signin.demo_title") : t("signin.title")}</h1>
        <p class="lead">{demo ? t("signin.demo_lead") : t("signin.lead")}</p>
        {demo ? <DemoPeople /> : <div class="doors"><section class="panel"><h2>{t("signin.customers")}</h2><TokenForm /></section><section class="panel"><h2>{t("signin.staff")}</h2><StaffForm /></section></div>}
      </main>
    </div>
  );
}

/** The session ended in the middle of something: it goes on where it was. */
export function SignInAgain() {
  const { problem, busy, enter } = useSignIn(), { fields, credentials } = useStaff();
  const [token, setToken] = useState(demo ? (ended.value?.principal ?? "") : "");
  const byPassword = ended.value?.kind === "staff" && !demo;
  return (
    <Dialog title={t("signin.ended_title")} onClose={() => undefined} actions={
      <>
        <Button kind="quiet" onPress={() => void signOut()}>{t("shell.sign_out")}</Button>
        <Button kind="primary" busy={busy !== null} onPress={() => void enter("again", byPassword ? credentials() : { token })}>{t("signin.again")}</Button>
      </>}>
      <p>{t("signin.ended_lead")}</p>
      <ProblemNote problem={problem} />
      {byPassword ? fields : <TextField label={t("signin.token")} value={token} onChange={setToken} type="password" autocomplete="current-password" />}
    </Dialog>
  );
}
