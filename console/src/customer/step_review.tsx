// SPDX-License-Identifier: Apache-2.0
// What would happen, payment by payment, as the server plans it: nothing is stored and nothing held before the button.
import { useEffect, useState } from "preact/hooks";
import { act, preview, Problem, underway } from "../api";
import { dayTime } from "../dates";
import type { Leg, Withdrawal } from "../model";
import { Button } from "../parts/button";
import { Money } from "../parts/money";
import { Facts, Loading, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Table, type Column } from "../parts/table";
import { t, tOf } from "../words";
import { account, goTo } from "./account";
import { bodyOf, draft, fileDraft, reasonWords, type Draft } from "./draft";
import { stepOf, type StepProps } from "./withdraw";

export function lotsOf(leg: Leg, currency: string) {
  return (
    <ul class="lots">
      {leg.lots.map((lot, index) => <li key={index}><span class="mono">{lot.topup ?? t("customer.other_funds")}</span> <Money minor={lot.amount} currency={currency} /></li>)}
    </ul>
  );
}

function legColumns(currency: string): Column<Leg>[] {
  return [
    { name: t("customer.payment"), head: true, cell: (leg) => <span class="pair"><span>{tOf("route", leg.route)}</span>{leg.channel ? <small class="muted">{tOf("channel", leg.channel)}</small> : null}</span> },
    { name: t("customer.from_orders"), cell: (leg) => lotsOf(leg, currency) },
    { name: t("customer.arrives"), cell: (leg) => leg.arrives_by === null ? t("customer.arrival_unstated") : t(leg.arrives_by_provisional ? "customer.by_about" : "customer.by", { when: dayTime(leg.arrives_by) }) },
    { name: t("customer.fee"), end: true, cell: (leg) => <Money minor={leg.fee} currency={currency} /> },
    { name: t("customer.amount"), end: true, cell: (leg) => <Money minor={leg.amount} currency={currency} strong /> },
  ];
}

function payeeFacts(it: Draft): [string, string][] {
  const { payee } = it;
  return [
    [t("customer.payee_name"), payee.name],
    [payee.kind === "bank" ? t("customer.payee_account") : t("customer.payee_alipay"), payee.account],
    [tOf("payee_field", "bank"), payee.kind === "bank" ? [payee.bank_name || payee.bank, payee.branch, payee.province, payee.city].filter(Boolean).join(" · ") : ""],
    [t("customer.papers"), it.papers.map((paper) => paper.name).join(", ")],
  ];
}

function usePlan(body: Record<string, unknown>, onProblem: (problem: Problem) => void): { plan: Withdrawal | null; again: () => void } {
  const [plan, setPlan] = useState<Withdrawal | null>(null), [turn, setTurn] = useState(0);
  useEffect(() => {
    let late = false;
    preview<Withdrawal>("/v1/withdrawals?dry_run=true", body).then(
      (answer) => { if (!late) setPlan(answer.body); },
      (fault: unknown) => {
        if (!(fault instanceof Problem)) throw fault;
        if (!late) onProblem(fault);
      });
    return () => { late = true; };
  }, [JSON.stringify(body), turn]);
  return { plan, again: () => setTurn(turn + 1) };
}

export function ReviewStep(props: StepProps & { onStale: () => void }) {
  const { quote, terms, problem } = props, it = draft.value, of = account();
  const body = bodyOf(it, terms, quote.currency), intent = `withdraw:${of}`;
  const route = terms.routes.find((one) => one.route === it.route);
  /** A refusal about a field leads to that field; the numbers it was about are read anew. */
  function refused(fault: Problem): void {
    props.onProblem(fault);
    props.onStale();
    const step = stepOf(fault);
    if (step !== null) goTo(["withdraw"], { step });
  }
  const { plan, again } = usePlan(body, refused);
  async function confirm(): Promise<void> {
    try {
      const answer = await act<Withdrawal>(intent, "POST", "/v1/withdrawals", body);
      fileDraft(answer.body.id, of);
      goTo(["withdraw", answer.body.id]);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (fault.unheard) props.onProblem(fault);
      else refused(fault);
    }
  }
  if (plan === null)
    return <Panel>{problem ? <ProblemNote problem={problem} onAgain={() => { props.onProblem(null); again(); }} /> : <Loading />}<Back /></Panel>;
  return (
    <Panel>
      <div class="stack">
        <ProblemNote problem={problem} onAgain={() => void confirm()} />
        <p class="sum"><Money minor={plan.amount} currency={plan.currency} /></p>
        <Table caption={t("customer.plan")} columns={legColumns(plan.currency)} rows={plan.legs} rowKey={(leg) => JSON.stringify(leg.lots)} />
        <Facts facts={[[t("customer.reason"), reasonWords(route, it.reason)], ...(route?.destination ? payeeFacts(it) : []), [t("customer.review"), route ? tOf("review", route.review) : ""]]} />
        <p class="muted">{t("customer.confirm_about")}</p>
        <div class="actions">
          <Button kind="primary" busy={underway.value.has(intent)} onPress={() => void confirm()}>{t("customer.confirm")}</Button>
          <Back />
        </div>
      </div>
    </Panel>
  );
}

function Back() {
  return <Button onPress={() => goTo(["withdraw"], { step: "route" })}>{t("action.back")}</Button>;
}
