// SPDX-License-Identifier: Apache-2.0
// The code that came to the phone: the right one sends the money on its way. Once it is right, or over, this says so.
import { useEffect, useRef, useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { dayTime, left } from "../dates";
import { useLoad, type Loaded } from "../load";
import type { Withdrawal } from "../model";
import { Button, ButtonLink } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { focusWrong, TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Money } from "../parts/money";
import { Loading, Panel } from "../parts/page";
import { problemText, ProblemNote } from "../parts/problem";
import { Status, toneOf } from "../parts/status";
import { toast } from "../parts/toast";
import { demo } from "../session";
import { t, tOf } from "../words";
import { to } from "./account";
import { WizardPage } from "./withdraw";

const RESEND_MS = 60_000;

/** In the demo the phone is here. */
function DemoPhone({ w, turn }: { w: Withdrawal; turn: number }) {
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => {
    void fetch(`/demo/messages?limit=20&account=${encodeURIComponent(w.account)}`, { headers: { Authorization: "Bearer demo-admin" }, credentials: "omit" })
      .then((answer) => answer.json())
      .then((told: { data: { code: string | null; withdrawal: string | null }[] }) => setCode(told.data.find((m) => m.withdrawal === w.id && m.code !== null)?.code ?? null))
      .catch(() => undefined);
  }, [w.id, turn]);
  return code === null ? null : <p class="demo-phone"><Icon name="info" /> {t("customer.demo_phone")} <b class="mono" data-code>{code}</b></p>;
}

function Resend({ w, onSent }: { w: Withdrawal; onSent: () => void }) {
  const intent = `resend:${w.id}`;
  const [since, setSince] = useState(() => new Date(w.created_at).getTime()), [, setTick] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const rest = Math.ceil((since + RESEND_MS - Date.now()) / 1000);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  async function send(): Promise<void> {
    setProblem(null);
    try {
      await act(intent, "POST", `/v1/withdrawals/${w.id}/code/resend`);
      setSince(Date.now());
      toast(t("customer.code_sent"));
      onSent();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
  }
  return (
    <>
      <Button kind="quiet" busy={underway.value.has(intent)} disabled={rest > 0 && rest <= 60} onPress={() => void send()}>
        {rest > 0 && rest <= 60 ? t("customer.resend_in", { n: rest }) : t("customer.resend")}
      </Button>
      {problem ? <p class="error" role="alert">{problemText(problem)}</p> : null}
    </>
  );
}

export function CancelButton({ w, onDone }: { w: Withdrawal; onDone: (after: Withdrawal | null) => void }) {
  const intent = `cancel:${w.id}`, [asked, setAsked] = useState(false);
  async function cancel(): Promise<void> {
    try {
      onDone((await act<Withdrawal>(intent, "POST", `/v1/withdrawals/${w.id}/cancel`)).body);
      toast(t("customer.cancelled"));
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      toast(problemText(fault));
      onDone(null);
    }
    setAsked(false);
  }
  const busy = underway.value.has(intent);
  return (
    <>
      <Button kind="danger" busy={busy} onPress={() => setAsked(true)}>{t("customer.cancel")}</Button>
      {asked ? (
        <Dialog title={t("customer.cancel_sure")} onClose={() => setAsked(false)} actions={<>
          <Button onPress={() => setAsked(false)}>{t("customer.cancel_no")}</Button>
          <Button kind="danger" busy={busy} onPress={() => void cancel()}>{t("customer.cancel_yes")}</Button>
        </>}>
          <p>{t("customer.cancel_about")} <Money minor={w.amount} currency={w.currency} strong /></p>
        </Dialog>
      ) : null}
    </>
  );
}

function useCode(w: Withdrawal, onAnswer: (after: Withdrawal | null) => void) {
  const [code, setCode] = useState(""), [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLFormElement>(null), intent = `code:${w.id}`;
  async function enter(): Promise<void> {
    if (code.trim() === "") return focusWrong(form.current);
    setProblem(null);
    try {
      onAnswer((await act<Withdrawal>(intent, "POST", `/v1/withdrawals/${w.id}/code`, { code: code.normalize("NFKC").trim() })).body);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
      if (!fault.unheard) onAnswer(null);
      focusWrong(form.current);
    }
  }
  return { code, setCode, problem, form, enter, busy: underway.value.has(intent) };
}

function CodeForm({ w, loaded }: { w: Withdrawal; loaded: Loaded<Withdrawal> }) {
  const [turn, setTurn] = useState(0);
  const after = (answer: Withdrawal | null) => { if (answer) loaded.data.value = answer; else void loaded.again(); };
  const { code, setCode, problem, form, enter, busy } = useCode(w, after);
  const wrong = problem !== null && !problem.unheard;
  const rest = w.code_expires_at ? left(w.code_expires_at) : null;
  return (
    <Panel>
      <form ref={form} class="stack narrow" noValidate onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <p>{t("customer.code_about")} <Money minor={w.amount} currency={w.currency} strong /></p>
        {demo ? <DemoPhone w={w} turn={turn} /> : null}
        {wrong ? null : <ProblemNote problem={problem} onAgain={() => void enter()} />}
        <TextField large label={t("customer.code")} value={code} onChange={setCode} inputMode="numeric" autocomplete="one-time-code" maxLength={16} name="code"
                   error={wrong ? problemText(problem) : null}
                   hint={[rest ? t("customer.code_rest", { left: rest }) : "", w.tries_left !== undefined ? t("customer.code_tries", { n: w.tries_left }) : ""].filter(Boolean).join(" · ")} />
        <div class="actions">
          <Button kind="primary" submit busy={busy}>{t("customer.enter_code")}</Button>
          <Resend w={w} onSent={() => { setTurn(turn + 1); void loaded.again(); }} />
          <CancelButton w={w} onDone={after} />
        </div>
      </form>
    </Panel>
  );
}

function Done({ w }: { w: Withdrawal }) {
  const tone = toneOf(w.status), arrival = w.legs[0]?.arrives_by;
  return (
    <Panel>
      <div class="stack done" role="status">
        <span class={`big ${tone}`}><Icon name={tone === "bad" || tone === "idle" ? "cross" : "check"} /></span>
        <p class="sum"><Money minor={w.amount} currency={w.currency} /></p>
        <Status code={w.status} label={w.label} />
        <p>{tOf("done", w.status)}</p>
        {arrival && (tone === "work" || tone === "good") ? <p class="muted">{t("customer.arrives_by", { when: dayTime(arrival) })}</p> : null}
        {w.failure ? <p class="error">{w.failure.detail ?? w.failure.code}</p> : null}
        <div class="actions">
          <ButtonLink kind="primary" href={to(["records", w.id])}>{t("customer.see_record")}</ButtonLink>
          <ButtonLink href={to([])}>{t("customer.overview")}</ButtonLink>
        </div>
      </div>
    </Panel>
  );
}

export function CodeStep({ id }: { id: string }) {
  const loaded = useLoad<Withdrawal>(`/v1/withdrawals/${encodeURIComponent(id)}`, 3000);
  const w = loaded.data.value;
  if (w === null)
    return <WizardPage step="code">{loaded.problem.value ? <ProblemNote problem={loaded.problem.value} onAgain={() => void loaded.again()} /> : <Loading />}</WizardPage>;
  return w.status === "awaiting_code"
    ? <WizardPage step="code"><CodeForm w={w} loaded={loaded} /></WizardPage>
    : <WizardPage step="done"><Done w={w} /></WizardPage>;
}
