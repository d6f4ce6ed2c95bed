// SPDX-License-Identifier: Apache-2.0
// By which way, and to whom: the policy says which ways there are and what each asks for.
import { useRef, useState } from "preact/hooks";
import { money } from "../money";
import type { RouteTerms } from "../model";
import { Button } from "../parts/button";
import { fieldError, focusWrong, RadioField, SelectField, TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { language, t, tOf } from "../words";
import { account, goTo } from "./account";
import { BankSearch, bankName } from "./bank";
import { arrivalWords, change, changePayee, draft, holds, offered, total, type Draft } from "./draft";
import { Papers } from "./papers";
import type { StepProps } from "./withdraw";

type Mistakes = Partial<Record<string, string>>;

function payeeMistakes(it: Draft, terms: RouteTerms): Mistakes {
  const wrong: Mistakes = {};
  const needs = it.payee.kind === "bank" ? (terms.destination?.bank_needs ?? []) : [];
  for (const member of ["name", "account", ...needs] as const) if (it.payee[member].trim() === "") wrong[`destination/${member}`] = tOf("mistake", "required");
  if (terms.reasons.length > 0 && it.reason === "") wrong.reason = tOf("mistake", "required");
  if (it.papers.length < terms.documents_min) wrong.documents = t("customer.papers_needed", { n: terms.documents_min });
  return wrong;
}

function mistakesOf({ quote }: StepProps, terms: RouteTerms | undefined): Mistakes {
  const it = draft.value, sum = total(it, quote.currency) ?? 0;
  if (terms === undefined) return { route: t("customer.choose_route") };
  const held = holds(quote, terms, it.reason);
  const wrong = terms.destination ? payeeMistakes(it, terms) : {};
  if (sum > held) wrong.route = t("customer.route_holds", { sum: money(held, quote.currency), rest: money(sum - held, quote.currency) });
  return wrong;
}

function Routes({ props, error }: { props: StepProps; error: string | null }) {
  const { quote, terms } = props;
  return (
    <RadioField label={t("customer.which_way")} name="route" value={draft.value.route} error={error}
                choices={offered(quote, terms).map((one) => ({
                  value: one.route, label: tOf("route", one.route),
                  about: `${arrivalWords(one)} · ${tOf("review", one.review)}`,
                  aside: <><small class="muted">{t("customer.up_to_short")}</small><Money minor={holds(quote, one, one.route === draft.value.route ? draft.value.reason : "")} currency={quote.currency} /></>,
                }))}
                onChange={(route) => { props.onProblem(null); change({ route: route as Draft["route"] }); }} />
  );
}

function BankFields({ terms, of }: { terms: RouteTerms; of: (member: string) => string | null }) {
  const { payee } = draft.value, needs = new Set<string>(terms.destination?.bank_needs);
  const field = (member: "bank" | "branch" | "province" | "city") => needs.has(member)
    ? <TextField label={tOf("payee_field", member)} value={payee[member]} error={of(`destination/${member}`)} hint={member === "bank" ? payee.bank_name : ""} maxLength={100}
                 onChange={(value) => changePayee({ [member]: value, ...(member === "bank" ? { bank_name: "" } : {}) })} />
    : null;
  return (
    <>
      <BankSearch onChoose={(bank) => changePayee({
        bank: bank.code, bank_name: bankName(bank), branch: bank.branch ?? draft.value.payee.branch,
        ...(bank.province ? { province: bank.province, city: bank.city ?? "" } : {}),
      })} />
      <div class="grid">{field("bank")}{field("branch")}{field("province")}{field("city")}</div>
    </>
  );
}

function Destination({ terms, of }: { terms: RouteTerms; of: (member: string) => string | null }) {
  const it = draft.value, kinds = terms.destination?.kinds ?? [];
  return (
    <div class="stack payee">
      <h2>{t("customer.payee")}</h2>
      {terms.reasons.length > 0 ? (
        <SelectField label={t("customer.reason")} value={it.reason} error={of("reason")} onChange={(reason) => change({ reason })}
                     choices={[{ value: "", label: t("customer.choose") }, ...terms.reasons.map((one) => ({ value: one.code, label: one.words[language.value] }))]} />
      ) : null}
      {kinds.length > 1 ? (
        <RadioField label={t("customer.payee_kind")} name="kind" value={it.payee.kind} onChange={(kind) => changePayee({ kind: kind as "bank" | "alipay" })}
                    choices={kinds.map((kind) => ({ value: kind, label: tOf("payee_kind", kind) }))} />
      ) : null}
      <div class="grid">
        <TextField label={t("customer.payee_name")} value={it.payee.name} error={of("destination/name")} maxLength={200} autocomplete="name"
                   hint={tOf("payee_rule", terms.payee)} onChange={(name) => changePayee({ name })} />
        <TextField label={it.payee.kind === "bank" ? t("customer.payee_account") : t("customer.payee_alipay")} value={it.payee.account} error={of("destination/account")}
                   maxLength={64} inputMode={it.payee.kind === "bank" ? "numeric" : "text"} onChange={(value) => changePayee({ account: value })} />
      </div>
      {it.payee.kind === "bank" ? <BankFields terms={terms} of={of} /> : null}
      {terms.documents_min > 0 ? <Papers account={account()} papers={it.papers} error={of("documents")} onChange={(papers) => change({ papers })} /> : null}
    </div>
  );
}

export function RouteStep(props: StepProps) {
  const it = draft.value, form = useRef<HTMLFormElement>(null);
  const [tried, setTried] = useState(false);
  const terms = props.terms.routes.find((one) => one.route === it.route);
  const mistakes = tried ? mistakesOf(props, terms) : {};
  const of = (member: string): string | null => mistakes[member] ?? fieldError(props.problem, member);
  const routeError = of("route") ?? (props.problem?.code === "amount_exceeds_route" ? fieldError(props.problem, "amount") : null);
  function next(): void {
    setTried(true);
    props.onProblem(null);
    if (Object.keys(mistakesOf(props, terms)).length > 0) focusWrong(form.current);
    else goTo(["withdraw"], { step: "review" });
  }
  return (
    <Panel>
      <form ref={form} class="stack" noValidate onSubmit={(event) => { event.preventDefault(); next(); }}>
        {props.problem !== null && props.problem.fields.length === 0 ? <ProblemNote problem={props.problem} /> : null}
        <Routes props={props} error={routeError} />
        {terms?.destination ? <Destination terms={terms} of={of} /> : null}
        <div class="actions">
          <Button kind="primary" submit>{t("action.next")}</Button>
          <Button onPress={() => goTo(["withdraw"], { step: "amount" })}>{t("action.back")}</Button>
        </div>
      </form>
    </Panel>
  );
}
