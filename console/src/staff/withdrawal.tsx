// SPDX-License-Identifier: Apache-2.0
// One withdrawal with everything that is on record: what happened, where its money went, what proves it, and what may be done.
import { useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { dayTime } from "../dates";
import { useLoad } from "../load";
import { Button, ButtonLink } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Status, toneOf } from "../parts/status";
import { Timeline, type Step } from "../parts/timeline";
import { toast } from "../parts/toast";
import { t, tOf } from "../words";
import { channelName } from "./bits";
import { can } from "./can";
import { Decide, DecideButtons, Unanswered, type Decision } from "./decide";
import { Before, CaseFacts, Checks, checksOf, codeText, useCase } from "./facts";
import { useNews } from "./live";
import { Attempts, MoneyMap, Proofs } from "./map";
import type { Attempt, Case, History } from "./model";
import { Papers } from "./papers";
import { Resolution } from "./resolve";
import { TrailButton } from "./trail";

interface Happening {
  id: string;
  type: string;
  at: string;
  data: Record<string, unknown>;
}

const CANCELLABLE = ["awaiting_code", "in_review", "need_documents", "approved"];

/** Each change of state, with who decided where a person did. */
function stepsOf(events: Happening[], history: History): Step[] {
  return events.filter((one) => one.type.startsWith("withdrawal.")).map((one) => {
    const status = one.type.slice("withdrawal.".length), tone = toneOf(status);
    const review = history.reviews.find((said) => said.at === one.at);
    return {
      title: codeText("status", status), at: dayTime(one.at), tone, icon: tone === "good" ? "check" : tone === "bad" ? "cross" : tone === "warn" ? "alert" : "clock",
      about: review ? `${review.reviewer}${review.reason ? ` – ${review.reason}` : ""}` : null,
    };
  });
}

function Legs({ it }: { it: Case }) {
  return (
    <ul class="lines legs">
      {it.legs.map((leg, index) => (
        <li key={leg.id ?? index}>
          <span>{index + 1}. {channelName(leg.channel)}</span> <Status code={leg.status} family="leg" /> <Money minor={leg.amount} currency={it.currency} />
          {leg.failure ? <span class="muted fine"> {leg.failure.code}{leg.failure.detail ? ` – ${leg.failure.detail}` : ""}</span> : null}
          {leg.reference ? <span class="muted fine mono"> {t("staff.reference")} {leg.reference}</span> : null}
        </li>
      ))}
    </ul>
  );
}

function Cancel({ it, onDone }: { it: Case; onDone: () => void }) {
  const [open, setOpen] = useState(false), [problem, setProblem] = useState<Problem | null>(null), name = `cancel:${it.id}`;
  async function cancel(): Promise<void> {
    setProblem(null);
    try {
      await act<Case>(name, "POST", `/v1/withdrawals/${it.id}/cancel`);
      toast(t("staff.cancelled"));
      setOpen(false);
      onDone();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
  }
  if (!can("cancel") || !CANCELLABLE.includes(it.status)) return null;
  return (
    <>
      <Button kind="danger" onPress={() => setOpen(true)}>{t("staff.cancel")}</Button>
      {open ? (
        <Dialog title={t("staff.cancel_title")} onClose={() => setOpen(false)} actions={
          <>
            <Button kind="quiet" onPress={() => setOpen(false)}>{t("staff.back")}</Button>
            <Button kind="danger" busy={underway.value.has(name)} onPress={() => void cancel()}>{t("staff.cancel")}</Button>
          </>}>
          <p>{t("staff.cancel_about")}</p>
          <ProblemNote problem={problem} />
        </Dialog>
      ) : null}
    </>
  );
}

function Record({ it, history, attempts, events, again }: { it: Case; history: History; attempts: Attempt[]; events: Happening[]; again: () => void }) {
  return (
    <>
      <Resolution it={it} attempts={attempts} history={history} onDone={again} />
      <Panel><MoneyMap it={it} attempts={attempts} history={history} /></Panel>
      <div class="sides">
        <Panel title={t("staff.timeline")}><Timeline label={t("staff.timeline")} steps={stepsOf(events, history)} /></Panel>
        <Panel title={t("staff.papers")}><Papers papers={history.documents} /></Panel>
      </div>
      <Panel title={t("staff.attempts")}><Attempts it={it} attempts={attempts} /></Panel>
      <Panel title={t("staff.evidence")}><Proofs it={it} history={history} /></Panel>
    </>
  );
}

export function WithdrawalPage({ id }: { id: string }) {
  const known = useCase(id), events = useLoad<{ data: Happening[] }>(`/v1/withdrawals/${id}/events`);
  const attempts = useLoad<{ data: Attempt[] }>(`/v1/withdrawals/${id}/attempts`);
  const [decision, setDecision] = useState<Decision | null>(null), [seen, setSeen] = useState<{ it: Case; etag: string | null } | null>(null);
  const again = () => void Promise.all([known.again(), events.again(), attempts.again()]);
  useNews(() => { if (decision === null) again(); });
  const it = known.it.data.value, history = known.history.data.value;
  if (it === null) return <Page title={t("staff.withdrawal")}>{known.it.problem.value ? <ProblemNote problem={known.it.problem.value} onAgain={again} /> : <Loading />}</Page>;
  const done = () => { setDecision(null); again(); };
  return (
    <Page title={`${t("staff.withdrawal")} · ${it.account}`} lead={<span class="mono">{it.id}</span>} actions={
      <>
        {it.legs.some((leg) => leg.paid_at !== null) ? <ButtonLink href={`/v1/withdrawals/${it.id}/receipt.pdf`} icon="file" download={`${it.id}.pdf`}>{t("staff.receipt")}</ButtonLink> : null}
        <TrailButton id={it.id} />
        <Cancel it={it} onDone={again} />
        <DecideButtons it={it} history={history} onPress={(what) => { setSeen({ it, etag: known.it.etag.value }); setDecision(what); }} />
      </>}>
      <Unanswered key={it.status} id={it.id} onDone={done} />
      <Panel title={t("staff.facts")} aside={<span class="row-tight"><Status code={it.status} label={it.label} /> <Money minor={it.amount} currency={it.currency} strong /></span>}>
        <div class="stack"><CaseFacts it={it} account={known.account.data.value} history={history} /><Legs it={it} />
          {["in_review", "need_documents"].includes(it.status) ? <Checks checks={checksOf(it, known.account.data.value, known.quote.data.value, history)} /> : null}
          {it.failure ? <p>{t("staff.failure")}: <b>{codeText("staff.failures", it.failure.code)}</b> {it.failure.detail}</p> : null}</div>
      </Panel>
      {history === null || attempts.data.value === null || events.data.value === null ? <Loading />
        : <Record it={it} history={history} attempts={attempts.data.value.data} events={events.data.value.data} again={again} />}
      <Before account={it.account} except={it.id} />
      {decision !== null && seen !== null ? <Decide decision={decision} seen={seen} onClose={done} onDone={done} /> : null}
    </Page>
  );
}


/** For whoever looks for one: by its state, newest first. */
export function statusChoices(all: string): { value: string; label: string }[] {
  const statuses = ["awaiting_code", "in_review", "need_documents", "approved", "dispatching", "successful", "partly_successful", "failed", "returned", "rejected", "cancelled", "expired"];
  return [{ value: "", label: all }, ...statuses.map((value) => ({ value, label: tOf("status", value) }))];
}
