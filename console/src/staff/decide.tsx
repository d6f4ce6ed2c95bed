// SPDX-License-Identifier: Apache-2.0
// Deciding about a withdrawal. The decision carries the version that was seen: when it is another one by now, what changed is
// shown and it is asked again. Nothing is shown as done before the server has said so, and a question whose answer was lost is
// asked again under its own key.
import { useRef, useState } from "preact/hooks";
import { act, askAgain, Problem, read, unanswered, underway } from "../api";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { AreaField, fieldError, focusWrong } from "../parts/field";
import { Money } from "../parts/money";
import { Facts } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { toast } from "../parts/toast";
import { t, tOf } from "../words";
import { can, me } from "./can";
import type { Case, History } from "./model";

export type Decision = "approve" | "reject" | "need_documents";

const KEYS: Record<Decision, string> = { approve: "a", reject: "r", need_documents: "n" };
const OPEN = ["in_review", "need_documents"];
const REASONS = ["window", "payee", "papers", "customer"] as const;

/** What an answer would be refused for, before it is asked. */
export function decisionsOf(it: Case, history: History | null): Decision[] {
  if (!OPEN.includes(it.status) || history === null || history.maker === me() || !can("review")) return [];
  return (["approve", "reject", "need_documents"] as const).filter((one) => open(one, it) && (one !== "approve" || can("approve")));
}

/** Whether the state leaves room for it. */
function open(decision: Decision, it: Case): boolean {
  return it.status === "in_review" || (it.status === "need_documents" && decision === "reject");
}

function changes(before: Case, now: Case): [string, string, string][] {
  const seen: [string, (one: Case) => string][] = [
    [t("staff.state"), (one) => one.label],
    [t("staff.approvals"), (one) => t("staff.approvals_of", { n: one.approvals, of: one.approvals_needed })],
    [t("staff.papers"), (one) => String(one.documents.length)],
    [t("staff.flags"), (one) => one.flags.map((flag) => tOf("staff.flag", flag)).join(", ") || "–"],
    [t("staff.payments_n"), (one) => one.legs.map((leg) => tOf("leg", leg.status)).join(", ")],
  ];
  return seen.map(([name, of]): [string, string, string] => [name, of(before), of(now)]).filter(([, was, is]) => was !== is);
}

function Changed({ before, now, over }: { before: Case; now: Case; over: boolean }) {
  const list = changes(before, now);
  return (
    <Note tone="warn" icon="alert" title={t("staff.changed_title")} alert>
      <ul class="lines">
        {list.map(([name, was, is]) => <li key={name}>{name}: <s>{was}</s> → <b>{is}</b></li>)}
        {list.length === 0 ? <li>{t("staff.changed_other")}</li> : null}
      </ul>
      <p>{over ? t("staff.changed_over") : t("staff.changed_again")}</p>
    </Note>
  );
}

interface Seen {
  it: Case;
  etag: string | null;
}

interface DecideProps {
  decision: Decision;
  seen: Seen;
  onClose: () => void;
  onDone: () => void;
}

function useDecision({ decision, seen, onDone }: DecideProps) {
  const [reason, setReason] = useState(""), [problem, setProblem] = useState<Problem | null>(null);
  const [wrong, setWrong] = useState<string | null>(null), [now, setNow] = useState<Seen | null>(null);
  const form = useRef<HTMLDivElement>(null);
  const current = now ?? seen, name = `review:${seen.it.id}`;

  async function lookAgain(): Promise<void> {
    const answer = await read<Case>(`/v1/withdrawals/${seen.it.id}`);
    setNow({ it: answer.body, etag: answer.etag });
    setProblem(null);
  }
  async function decide(): Promise<void> {
    setWrong(null);
    setProblem(null);
    if (decision !== "approve" && reason.trim() === "") {
      setWrong(t("mistake.required"));
      focusWrong(form.current);
      return;
    }
    try {
      const body = { decision, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) };
      await act<Case>(name, "POST", `/v1/withdrawals/${seen.it.id}/review`, body, current.etag);
      toast(t("staff.decided", { decision: tOf("staff.decision", decision), account: seen.it.account }));
      onDone();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (fault.stale) await lookAgain();
      else setProblem(fault);
    }
  }
  return { reason, setReason, problem, wrong, current, changed: now !== null, decide, busy: underway.value.has(name), form };
}

/** The step before money moves, or is not moved: what will be done, in words. */
export function Decide(props: DecideProps) {
  const { decision, seen, onClose } = props, it = useDecision(props);
  const over = !open(decision, it.current.it), title = tOf("staff.decide", decision);
  return (
    <Dialog title={title} onClose={onClose} actions={
      <>
        <Button kind="quiet" onPress={onClose}>{t("staff.back")}</Button>
        {over ? null : (
          <Button kind={decision === "approve" ? "primary" : "danger"} busy={it.busy} onPress={() => void it.decide()}>
            {it.changed ? t("staff.decide_again", { what: tOf("staff.decision_verb", decision) }) : tOf("staff.decision_verb", decision)}
          </Button>
        )}
      </>}>
      <div ref={it.form} class="stack" data-decide={decision}>
        {it.changed ? <Changed before={seen.it} now={it.current.it} over={over} /> : null}
        <Facts facts={[
          [t("staff.account"), seen.it.account],
          [t("staff.amount"), <Money minor={seen.it.amount} currency={seen.it.currency} strong />],
          [t("staff.route"), tOf("route", seen.it.route)],
          [t("staff.pays_to"), seen.it.destination === null ? t("staff.to_payer") : `${seen.it.destination.name} · ${seen.it.destination.account}`],
        ]} />
        <p class="muted">{tOf("staff.decide_about", decision)}</p>
        {decision === "approve" || over ? null : (
          <>
            <div class="actions chips">
              {REASONS.map((one) => <Button key={one} small kind="quiet" onPress={() => it.setReason(tOf("staff.preset", one))}>{tOf("staff.preset", one)}</Button>)}
            </div>
            <AreaField label={t("staff.reason_for_customer")} hint={t("staff.reason_hint")} value={it.reason} onChange={it.setReason} maxLength={500}
                       error={it.wrong ?? fieldError(it.problem, "reason")} />
          </>
        )}
        <ProblemNote problem={it.problem} onAgain={it.problem?.unheard ? () => void it.decide() : undefined} />
      </div>
    </Dialog>
  );
}

/** What was asked before a reload or a lost line, and of which nobody knows the outcome. */
export function Unanswered({ id, onDone }: { id: string; onDone: () => void }) {
  const name = `review:${id}`, [problem, setProblem] = useState<Problem | null>(null);
  const asked = unanswered(name);
  if (asked === null) return null;
  async function again(): Promise<void> {
    try {
      await askAgain(name);
      onDone();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
      if (!fault.unheard) onDone();
    }
  }
  const decision = String((asked.body as { decision?: string } | null)?.decision ?? "");
  return (
    <Note tone="warn" icon="again" title={t("staff.unanswered", { decision: tOf("staff.decision", decision) })}>
      <Button small icon="again" busy={underway.value.has(name)} onPress={() => void again()}>{t("action.again")}</Button>
      <ProblemNote problem={problem} />
    </Note>
  );
}

export function DecideButtons({ it, history, onPress, keys }: { it: Case; history: History | null; onPress: (decision: Decision) => void; keys?: boolean }) {
  const open = decisionsOf(it, history);
  if (history !== null && OPEN.includes(it.status) && history.maker === me()) return <p class="muted">{t("staff.check_maker")}</p>;
  if (open.length === 0) return null;
  return (
    <div class="actions decide">
      {open.map((one) => (
        <Button key={one} kind={one === "approve" ? "primary" : one === "reject" ? "danger" : "plain"} onPress={() => onPress(one)}>
          {tOf("staff.decision_verb", one)} {keys ? <kbd>{KEYS[one]}</kbd> : null}
        </Button>
      ))}
    </div>
  );
}
