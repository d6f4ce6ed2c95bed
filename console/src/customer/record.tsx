// SPDX-License-Identifier: Apache-2.0
// One withdrawal: where it is, what comes next and by when; what went wrong, and what to do about it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { dayTime } from "../dates";
import { useLoad, type Loaded } from "../load";
import type { Leg, Terms, Withdrawal, WithdrawalStatus } from "../model";
import { Button, ButtonLink } from "../parts/button";
import { Money } from "../parts/money";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { Table, type Column } from "../parts/table";
import { Timeline, type Step } from "../parts/timeline";
import { t, tOf } from "../words";
import { goTo, pathOf, to } from "./account";
import { draftFrom, reasonWords } from "./draft";
import { Papers, type Paper } from "./papers";
import { CancelButton } from "./step_code";
import { lotsOf } from "./step_review";

interface Event {
  id: string;
  type: string;
  at: string;
}

const MOVING = new Set<WithdrawalStatus>(["awaiting_code", "in_review", "need_documents", "approved", "dispatching"]);
const STOPPABLE = new Set<WithdrawalStatus>(["awaiting_code", "in_review", "need_documents", "approved"]);
const AGAIN = new Set<WithdrawalStatus>(["failed", "returned", "rejected", "cancelled", "expired"]);
const PAID = new Set<WithdrawalStatus>(["successful", "partly_successful", "returned"]);
const LOOKS: { [status: string]: Pick<Step, "tone" | "icon"> } = {
  awaiting_code: { tone: "good", icon: "check" }, in_review: { tone: "good", icon: "check" }, approved: { tone: "good", icon: "check" },
  dispatching: { tone: "good", icon: "check" }, successful: { tone: "good", icon: "check" }, need_documents: { tone: "warn", icon: "alert" },
  partly_successful: { tone: "warn", icon: "alert" }, returned: { tone: "bad", icon: "back" }, failed: { tone: "bad", icon: "cross" },
  rejected: { tone: "bad", icon: "cross" }, cancelled: { tone: "idle", icon: "cross" }, expired: { tone: "idle", icon: "clock" },
};
/** What is still to come, in order. */
const AHEAD: { [status: string]: WithdrawalStatus[] } = {
  awaiting_code: ["approved", "successful"], in_review: ["approved", "successful"], need_documents: ["in_review", "successful"],
  approved: ["dispatching", "successful"], dispatching: ["successful"],
};

/** When the last payment is promised. */
function promise(w: Withdrawal): string | null {
  const moments = w.legs.flatMap((leg) => (leg.arrives_by === null ? [] : [leg.arrives_by]));
  return moments.length === 0 ? null : moments.reduce((a, b) => (new Date(a) > new Date(b) ? a : b));
}

function stepsOf(w: Withdrawal, events: Event[]): Step[] {
  const past = events.filter((event) => event.type.startsWith("withdrawal.")).map((event): Step => {
    const status = event.type.slice("withdrawal.".length);
    const now = status === w.status && MOVING.has(w.status);
    return { title: tOf("event", status), at: dayTime(event.at), ...(now ? { tone: "work", icon: "clock" } : LOOKS[status] ?? { tone: "idle", icon: "info" }) };
  });
  const by = promise(w);
  const ahead = (AHEAD[w.status] ?? []).map((status): Step => ({
    title: tOf("ahead", status), tone: "idle", icon: "clock", ahead: true,
    about: status === "successful" && by ? t("customer.by", { when: dayTime(by) }) : undefined,
  }));
  const paid = w.status === "successful" && w.legs.some((leg) => leg.arrived_at === null) && by !== null && new Date(by).getTime() > Date.now();
  return [...past, ...ahead, ...(paid ? [{ title: t("customer.arrives"), tone: "idle", icon: "clock", ahead: true, about: t("customer.by", { when: dayTime(by) }) } satisfies Step] : [])];
}

function legColumns(currency: string): Column<Leg>[] {
  return [
    { name: t("customer.payment"), head: true, cell: (leg) => <span class="pair"><span>{leg.channel ? tOf("channel", leg.channel) : tOf("route", leg.route)}</span><small class="muted">{tOf("route", leg.route)}</small></span> },
    { name: t("customer.state"), cell: (leg) => <span class="pair"><Status code={leg.status} family="leg" />{leg.failure ? <small class="bad-text">{leg.failure.detail ?? leg.failure.code}</small> : null}</span> },
    { name: t("customer.from_orders"), cell: (leg) => lotsOf(leg, currency) },
    { name: t("customer.reference"), cell: (leg) => leg.reference ? <span class="mono fine">{leg.reference}</span> : <span class="muted">–</span> },
    { name: t("customer.amount"), end: true, cell: (leg) => <Money minor={leg.amount} currency={currency} strong /> },
  ];
}

function Wrong({ w }: { w: Withdrawal }) {
  if (!AGAIN.has(w.status) || w.status === "cancelled") return null;
  const reason = w.failure?.detail ?? w.legs.find((leg) => leg.failure !== null)?.failure?.detail ?? w.failure?.code;
  return (
    <Note tone={w.status === "expired" ? "idle" : "bad"} icon="alert" title={tOf("wrong", w.status)}>
      {reason ? <p>{t("customer.because", { reason })}</p> : null}
      <p>{tOf("next", w.status)}</p>
      <Button small icon="again" onPress={() => { draftFrom(w); goTo(["withdraw"], { step: "amount" }); }}>{t("customer.again")}</Button>
    </Note>
  );
}

function MoreDocuments({ w, loaded }: { w: Withdrawal; loaded: Loaded<Withdrawal> }) {
  const [papers, setPapers] = useState<Paper[]>([]);
  return w.status !== "need_documents" ? null : (
    <Panel title={t("customer.more_papers")}>
      {w.asked_for ? <p class="asked">{t("customer.because", { reason: w.asked_for })}</p> : null}
      <Papers account={w.account} withdrawal={w.id} papers={papers} onChange={(all) => { setPapers(all); void loaded.again(); }} />
    </Panel>
  );
}

function actionsOf(w: Withdrawal, loaded: Loaded<Withdrawal>): ComponentChildren {
  return (
    <>
      {w.status === "awaiting_code" ? <ButtonLink kind="primary" href={to(["withdraw", w.id])}>{t("customer.enter_code")}</ButtonLink> : null}
      {PAID.has(w.status) ? <ButtonLink icon="file" href={to(["records", w.id, "receipt"])}>{t("customer.receipt")}</ButtonLink> : null}
      {PAID.has(w.status) || w.status === "failed" ? <ButtonLink href={to(["cases"], { kind: "not_arrived", withdrawal: w.id })}>{t("customer.not_arrived")}</ButtonLink> : null}
      {STOPPABLE.has(w.status) ? <CancelButton w={w} onDone={(after) => { if (after) loaded.data.value = after; else void loaded.again(); }} /> : null}
    </>
  );
}

function payeeOf(w: Withdrawal): string | null {
  const to_ = w.destination;
  return to_ === null ? null : [to_.name, to_.account, to_.bank, to_.branch].filter(Boolean).join(" · ");
}

function Whole({ w, loaded }: { w: Withdrawal; loaded: Loaded<Withdrawal> }) {
  const events = useLoad<{ data: Event[] }>(`/v1/withdrawals/${w.id}/events`, MOVING.has(w.status) ? 3000 : 0);
  const terms = useLoad<Terms>(pathOf("/terms", w.account)), by = promise(w);
  const route = terms.data.value?.routes.find((one) => one.route === w.route);
  return (
    <>
      <Wrong w={w} />
      <MoreDocuments w={w} loaded={loaded} />
      <div class="beside">
        <Panel title={t("customer.timeline")}>
          {events.data.value === null ? <Loading /> : <Timeline label={t("customer.timeline")} steps={stepsOf(w, events.data.value.data)} />}
        </Panel>
        <Panel title={t("customer.about")}>
          <Facts facts={[
            [t("customer.way_back"), tOf("route", w.route)], [t("customer.payee"), payeeOf(w)], [t("customer.reason"), reasonWords(route, w.reason)],
            [t("customer.arrives"), by && (MOVING.has(w.status) || w.status === "successful") ? t("customer.by", { when: dayTime(by) }) : null], [t("customer.strategy"), tOf("strategy", w.strategy)],
            [t("customer.papers"), w.documents.length > 0 ? String(w.documents.length) : null], [t("customer.asked_at"), dayTime(w.created_at)],
            [t("customer.number"), <span key="id" class="mono">{w.id}</span>],
          ]} />
        </Panel>
      </div>
      <Panel title={t("customer.payments")}>
        <Table caption={t("customer.payments")} columns={legColumns(w.currency)} rows={w.legs} rowKey={(leg) => leg.id ?? ""} />
      </Panel>
    </>
  );
}

export function Record({ id }: { id: string }) {
  const loaded = useLoad<Withdrawal>(`/v1/withdrawals/${encodeURIComponent(id)}`, 3000), w = loaded.data.value;
  if (w === null)
    return <Page title={t("customer.record")}>{loaded.problem.value ? <ProblemNote problem={loaded.problem.value} onAgain={() => void loaded.again()} /> : <Loading />}</Page>;
  return (
    <Page title={t("customer.record")} crumb={<a href={to(["records"])}>{t("customer.all_records")}</a>} actions={actionsOf(w, loaded)}
          lead={<span class="headline"><Money minor={w.amount} currency={w.currency} strong /> <Status code={w.status} label={w.label} /></span>}>
      <Whole w={w} loaded={loaded} />
    </Page>
  );
}
