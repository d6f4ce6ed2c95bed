// SPDX-License-Identifier: Apache-2.0
// A payment of which no channel tells the outcome is settled by two people and a document: the first proposes, another one says
// the same. Who proposed what is shown before anybody is asked.
import { useRef, useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { dayTime } from "../dates";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { AreaField, Field, fieldError, focusWrong, RadioField } from "../parts/field";
import { Money } from "../parts/money";
import { Note, ProblemNote } from "../parts/problem";
import { toast } from "../parts/toast";
import { t, tOf } from "../words";
import { can, me } from "./can";
import type { Attempt, Case, Evidence, History } from "./model";

/** The attempt that people decide on. */
export function manualAttempt(it: Case, attempts: Attempt[]): Attempt | null {
  const legs = it.legs.filter((leg) => leg.status === "manual").map((leg) => leg.id);
  return attempts.filter((one) => legs.includes(one.leg)).at(-1) ?? null;
}

export function proposalOf(history: History, attempt: Attempt): Evidence | null {
  return history.evidence.filter((one) => one.attempt === attempt.id && one.effect === "proposed").at(-1) ?? null;
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}

interface ResolveProps {
  it: Case;
  attempt: Attempt;
  proposal: Evidence | null;
  onClose: () => void;
  onDone: () => void;
}

const DOCUMENT = /document (doc_[0-9A-Z]{13})/;
const FILE_BYTES_MAX = 5 * 1024 * 1024;

function useResolve({ it, attempt, proposal, onDone }: ResolveProps) {
  const [kind, setKind] = useState(proposal?.kind ?? ""), [reason, setReason] = useState(""), [file, setFile] = useState<File | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({}), [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLDivElement>(null), name = `resolve:${it.id}`, kept = DOCUMENT.exec(proposal?.detail ?? "")?.[1];

  async function document(): Promise<string> {
    if (file === null) return kept ?? "";
    const body = { account: it.account, withdrawal: it.id, name: file.name.slice(0, 100), media_type: file.type, content: await base64(file) };
    return (await act<{ id: string }>(`paper:${it.id}`, "POST", "/v1/documents", body)).body.id;
  }
  function mistakes(): Record<string, string> {
    const found: Record<string, string> = {};
    if (kind === "") found.kind = t("mistake.required");
    if (reason.trim() === "") found.reason = t("mistake.required");
    if (file === null && kept === undefined) found.document = t("staff.paper_needed");
    else if (file !== null && file.size > FILE_BYTES_MAX) found.document = t("staff.paper_large");
    return found;
  }
  async function decide(): Promise<void> {
    const found = mistakes();
    setWrong(found);
    setProblem(null);
    if (Object.keys(found).length > 0) return focusWrong(form.current);
    try {
      const body = { key: attempt.key, kind, amount: attempt.amount, document: await document(), reason: reason.trim() };
      await act<Case>(name, "POST", `/v1/withdrawals/${it.id}/resolve`, body);
      toast(proposal !== null && proposal.kind === kind ? t("staff.resolved") : t("staff.proposed"));
      onDone();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
  }
  return { kind, setKind, reason, setReason, setFile, wrong, problem, decide, form, kept, busy: underway.value.has(name) || underway.value.has(`paper:${it.id}`) };
}

export function Resolve(props: ResolveProps) {
  const { it, attempt, proposal, onClose } = props, form = useResolve(props);
  const confirms = proposal !== null && form.kind === proposal.kind;
  return (
    <Dialog title={confirms ? t("staff.confirm_title") : t("staff.propose_title")} onClose={onClose} actions={
      <>
        <Button kind="quiet" onPress={onClose}>{t("staff.back")}</Button>
        <Button kind="primary" busy={form.busy} onPress={() => void form.decide()}>{confirms ? t("staff.confirm") : t("staff.propose")}</Button>
      </>}>
      <div ref={form.form} class="stack">
        <p>{t("staff.resolve_about")} <Money minor={attempt.amount} currency={it.currency} strong /> · <code>{attempt.key}</code></p>
        {proposal ? <Proposal proposal={proposal} /> : null}
        <RadioField name="kind" label={t("staff.resolve_kind")} value={form.kind} onChange={form.setKind} error={form.wrong.kind ?? fieldError(form.problem, "kind")} choices={[
          { value: "paid", label: tOf("staff.proof", "paid"), about: t("staff.resolve_paid") },
          { value: "not_paid", label: tOf("staff.proof", "not_paid"), about: t("staff.resolve_not_paid") },
        ]} />
        <Field label={t("staff.resolve_paper")} hint={form.kept ? t("staff.paper_kept") : t("staff.paper_kinds")} error={form.wrong.document ?? fieldError(form.problem, "document") ?? fieldError(form.problem, "content")}>
          {(tied) => <input {...tied} type="file" accept="application/pdf,image/png,image/jpeg" onChange={(event) => form.setFile(event.currentTarget.files?.[0] ?? null)} />}
        </Field>
        <AreaField label={t("staff.reason")} value={form.reason} onChange={form.setReason} maxLength={500} error={form.wrong.reason ?? fieldError(form.problem, "reason")} />
        <ProblemNote problem={form.problem} onAgain={form.problem?.unheard ? () => void form.decide() : undefined} />
      </div>
    </Dialog>
  );
}

function Proposal({ proposal }: { proposal: Evidence }) {
  return (
    <Note tone="work" icon="people" title={t("staff.proposal_is", { who: proposal.reference ?? "", what: tOf("staff.proof", proposal.kind) })}>
      <p class="fine">{dayTime(proposal.at)} · {proposal.detail}</p>
    </Note>
  );
}

/** What stands and what this person may do about it. */
export function Resolution({ it, attempts, history, onDone }: { it: Case; attempts: Attempt[]; history: History; onDone: () => void }) {
  const [open, setOpen] = useState(false), attempt = manualAttempt(it, attempts);
  if (attempt === null) return null;
  const proposal = proposalOf(history, attempt), mine = proposal?.reference === me(), maker = history.maker === me();
  return (
    <div class="stack">
      <Note tone="warn" icon="person" title={t("staff.manual_title")}><p>{t("staff.manual_about")}</p></Note>
      {proposal ? <Proposal proposal={proposal} /> : null}
      {maker ? <p class="muted">{t("staff.check_maker")}</p> : mine ? <p class="muted">{t("staff.proposal_mine")}</p> : null}
      {can("resolve") && !maker ? (
        <div class="actions"><Button kind={proposal && !mine ? "primary" : "plain"} onPress={() => setOpen(true)}>{proposal && !mine ? t("staff.confirm_title") : t("staff.propose_title")}</Button></div>
      ) : null}
      {open ? <Resolve it={it} attempt={attempt} proposal={mine ? null : proposal} onClose={() => setOpen(false)} onDone={() => { setOpen(false); onDone(); }} /> : null}
    </div>
  );
}
