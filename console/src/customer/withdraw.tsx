// SPDX-License-Identifier: Apache-2.0
// The way to a withdrawal: amount, route and payee, review, code, done. The step stands in the address, what was filled in in the
// tab, and from the code on the server knows everything: each step survives a reload.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Problem } from "../api";
import { useLoad } from "../load";
import { decimal } from "../money";
import type { Quote, Terms } from "../model";
import { Icon } from "../parts/icon";
import { Money } from "../parts/money";
import { Facts, Loading, Page } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { place } from "../route";
import { t, tOf } from "../words";
import { account, goTo, pathOf } from "./account";
import { arrivalWords, change, draft, offered, openDraft, total } from "./draft";
import { Refusals, useQuote } from "./overview";
import { AmountStep } from "./step_amount";
import { CodeStep } from "./step_code";
import { ReviewStep } from "./step_review";
import { RouteStep } from "./step_route";

const STEPS = ["amount", "route", "review", "code", "done"] as const;
export type StepName = (typeof STEPS)[number];

export interface StepProps {
  quote: Quote;
  terms: Terms;
  /** What the server said of the draft; each step shows its part beside its fields. */
  problem: Problem | null;
  onProblem: (problem: Problem | null) => void;
}

export function Steps({ current }: { current: StepName }) {
  const at = STEPS.indexOf(current);
  return (
    <ol class="steps" aria-label={t("customer.steps")}>
      {STEPS.map((step, index) => (
        <li key={step} class={index < at ? "past" : ""} aria-current={index === at ? "step" : undefined}>
          <span class="dot">{index < at ? <Icon name="check" /> : index + 1}</span>
          <span class="name">{tOf("step", step)}</span>
        </li>
      ))}
    </ol>
  );
}

export function WizardPage({ step, aside, children }: { step: StepName; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <Page title={t("customer.withdraw")}>
      <Steps current={step} />
      <div class="wizard-split"><div class="wizard">{children}</div>{aside}</div>
    </Page>
  );
}

/** What was chosen so far, beside the steps where there is room. */
function SoFar({ quote, terms }: { quote: Quote; terms: Terms }) {
  const it = draft.value, sum = total(it, quote.currency), route = terms.routes.find((one) => one.route === it.route);
  return (
    <aside class="panel so-far" aria-label={t("customer.so_far")}>
      <h2>{t("customer.so_far")}</h2>
      <Facts facts={[
        [t("customer.withdrawable"), <Money key="all" minor={quote.withdrawable} currency={quote.currency} />],
        [t("customer.how_much_so_far"), sum === null ? null : <Money key="sum" minor={sum} currency={quote.currency} strong />],
        [t("customer.strategy"), tOf("strategy", it.strategy)],
        [t("customer.way_back"), route ? tOf("route", route.route) : null],
        [t("customer.arrives"), route ? arrivalWords(route) : null],
        [t("customer.payee"), route?.destination ? it.payee.name : null],
      ]} />
    </aside>
  );
}

/** Which member a refusal is about decides where it is mended. */
export function stepOf(problem: Problem): StepName | null {
  const pointer = problem.fields[0]?.pointer.replace(/^#?\//, "") ?? "";
  if (/^(amount|topups|strategy)/.test(pointer)) return problem.code === "amount_exceeds_route" ? "route" : "amount";
  return /^(route|destination|reason|documents)/.test(pointer) ? "route" : null;
}

function stepNow(quote: Quote): StepName {
  const asked = place.value.query.get("step");
  if (total(draft.value, quote.currency) === null || asked === null) return "amount";
  if (asked === "review" && draft.value.route !== "") return "review";
  return asked === "amount" ? "amount" : "route";
}

/** From a top-up's row: that order, all that is withdrawable of it. */
function useChosenTopup(quote: Quote | null): void {
  const topup = place.value.query.get("topup");
  useEffect(() => {
    const row = quote?.topups.find((one) => one.ref === topup);
    if (quote === null || row === undefined) return;
    change({ strategy: "selected", orders: { [row.ref]: decimal(row.withdrawable, quote.currency) }, route: row.route });
    goTo(["withdraw"], { step: "amount" });
  }, [quote, topup]);
}

function NewWithdrawal() {
  const quote = useQuote(), terms = useLoad<Terms>(pathOf("/terms"));
  const [problem, setProblem] = useState<Problem | null>(null);
  const it = quote.data.value, asked = terms.data.value;
  useEffect(() => openDraft(), [account()]);
  useChosenTopup(it);
  const failed = it === null ? (quote.problem.value ?? terms.problem.value) : null;
  if (failed !== null) return <WizardPage step="amount"><ProblemNote problem={failed} onAgain={() => { void quote.again(); void terms.again(); }} /></WizardPage>;
  if (it === null || asked === null) return <WizardPage step="amount"><Loading /></WizardPage>;
  if (it.withdrawable === 0 || offered(it, asked).length === 0) return <Nothing quote={it} />;
  const step = stepNow(it);
  const props: StepProps = { quote: it, terms: asked, problem, onProblem: setProblem };
  return (
    <WizardPage step={step} aside={<SoFar quote={it} terms={asked} />}>
      {draft.value.instead === null ? null : <Note tone="work" icon="again" title={t("customer.instead")}><p>{t("customer.instead_about")}</p></Note>}
      {step === "amount" ? <AmountStep {...props} /> : step === "route" ? <RouteStep {...props} /> : <ReviewStep {...props} onStale={() => void quote.again()} />}
    </WizardPage>
  );
}

function Nothing({ quote }: { quote: Quote }) {
  return (
    <WizardPage step="amount">
      <Refusals refusals={quote.refusals} />
      <Note tone="idle" icon="info" title={t("customer.nothing")}><p>{t("customer.nothing_about")}</p></Note>
    </WizardPage>
  );
}

export function Withdraw() {
  const id = place.value.path[1];
  return id === undefined ? <NewWithdrawal /> : <CodeStep key={id} id={id} />;
}
