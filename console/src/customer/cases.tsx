// SPDX-License-Identifier: Apache-2.0
// What self-service does not do goes to staff: a corporate transfer, a closed account, money that did not arrive.
import { useRef, useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { dayTime } from "../dates";
import { keptHere } from "../kept";
import { useList, useLoad } from "../load";
import type { Account } from "../model";
import { parseAmount } from "../money";
import { Button } from "../parts/button";
import { AreaField, fieldError, focusWrong, SelectField, TextField } from "../parts/field";
import { Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { Table, type Column } from "../parts/table";
import { toast } from "../parts/toast";
import { filter, place } from "../route";
import { t, tOf } from "../words";
import { account, pathOf } from "./account";
import { BankSearch, bankName } from "./bank";
import { amountMistake } from "./draft";

interface Case {
  id: string;
  kind: string;
  state: "open" | "closed";
  at: string;
  closed_at: string | null;
}

const KINDS = ["corporate_transfer", "account_closed", "not_arrived", "other"] as const;
/** Members that a kind asks for. */
const ASKED: Record<string, readonly Member[]> = {
  corporate_transfer: ["company", "bank_account", "bank", "branch", "city", "amount", "reason"],
  account_closed: ["company", "bank_account", "bank", "branch", "city", "reason"],
  not_arrived: ["amount", "reason"],
  other: ["reason"],
};
const NEEDED: ReadonlySet<Member> = new Set<Member>(["company", "bank_account", "bank", "reason"]);

type Member = "company" | "bank_account" | "bank" | "branch" | "city" | "amount" | "reason";
type Form = Partial<Record<Member, string>>;

function useForm(of: string): [Form, (some: Form | null) => void] {
  const name = `draft.case.${of}`;
  const [form, setForm] = useState<Form>(() => JSON.parse(keptHere(name) ?? "{}") as Form);
  return [form, (some) => {
    const next = some === null ? {} : { ...form, ...some };
    keptHere(name, some === null ? null : JSON.stringify(next));
    setForm(next);
  }];
}

function mistakesOf(form: Form, kind: string, currency: string): Partial<Record<Member, string>> {
  const wrong: Partial<Record<Member, string>> = {};
  for (const member of ASKED[kind] ?? []) {
    const value = (form[member] ?? "").trim();
    if (value === "" && NEEDED.has(member)) wrong[member] = tOf("mistake", "required");
    if (member === "amount" && value !== "") {
      const mistake = amountMistake(value, currency);
      if (mistake !== null) wrong.amount = mistake;
    }
  }
  return wrong;
}

function bodyOf(form: Form, kind: string, of: string, withdrawal: string | null, currency: string): Record<string, unknown> {
  const members = (ASKED[kind] ?? []).map((member) => {
    const value = (form[member] ?? "").trim();
    return [member, value === "" ? null : member === "amount" ? parseAmount(value, currency) : value];
  });
  return { account: of, kind, withdrawal, ...Object.fromEntries(members) };
}

function NewCase({ onOpened }: { onOpened: () => void }) {
  const of = account(), { query } = place.value, kind = query.get("kind") ?? "corporate_transfer", withdrawal = query.get("withdrawal");
  const about = useLoad<Account>(pathOf()), currency = about.data.value?.currency ?? "CNY";
  const [form, set] = useForm(of), [tried, setTried] = useState(false), [problem, setProblem] = useState<Problem | null>(null);
  const ref = useRef<HTMLFormElement>(null), intent = `case:${of}`;
  const mistakes = tried ? mistakesOf(form, kind, currency) : {};
  const of_ = (member: Member) => mistakes[member] ?? fieldError(problem, member);
  async function send(): Promise<void> {
    setTried(true);
    setProblem(null);
    if (Object.keys(mistakesOf(form, kind, currency)).length > 0) return focusWrong(ref.current);
    try {
      await act(intent, "POST", "/v1/cases", bodyOf(form, kind, of, withdrawal, currency));
      set(null);
      setTried(false);
      toast(t("customer.case_opened"));
      onOpened();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
      focusWrong(ref.current);
    }
  }
  const asked = ASKED[kind] ?? ["reason"];
  const field = (member: Exclude<Member, "reason">) => asked.includes(member)
    ? <TextField key={member} label={tOf("case_field", member)} value={form[member] ?? ""} error={of_(member)} optional={!NEEDED.has(member)} maxLength={64}
                 inputMode={member === "amount" ? "decimal" : "text"} onChange={(value) => set({ [member]: value })} />
    : null;
  return (
    <form ref={ref} class="stack" noValidate onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <ProblemNote problem={problem} onAgain={problem?.unheard ? () => void send() : undefined} />
      <SelectField label={t("customer.case_kind")} value={kind} onChange={(next) => filter({ kind: next })} choices={KINDS.map((one) => ({ value: one, label: tOf("case_kind", one) }))} hint={tOf("case_about", kind)} />
      {withdrawal ? <p>{t("customer.case_withdrawal", { id: withdrawal })}</p> : null}
      {asked.includes("bank") ? <BankSearch onChoose={(bank) => set({ bank: bankName(bank), branch: bank.branch ?? "", city: bank.city ?? "" })} /> : null}
      <div class="grid">{field("company")}{field("bank_account")}{field("bank")}{field("branch")}{field("city")}{field("amount")}</div>
      <AreaField label={t("customer.case_reason")} value={form.reason ?? ""} error={of_("reason")} maxLength={500} onChange={(reason) => set({ reason })} />
      <div class="actions"><Button kind="primary" submit busy={underway.value.has(intent)}>{t("customer.case_send")}</Button></div>
    </form>
  );
}

export function Cases() {
  const list = useList<Case>(pathOf("/cases")), rows = list.rows.value;
  const columns: Column<Case>[] = [
    { name: t("customer.case_kind"), head: true, cell: (one) => tOf("case_kind", one.kind) },
    { name: t("customer.state"), cell: (one) => <Status code={one.state} family="case_state" /> },
    { name: t("customer.asked_at"), cell: (one) => <span class="when">{dayTime(one.at)}</span> },
    { name: t("customer.number"), cell: (one) => <span class="mono fine">{one.id}</span> },
  ];
  return (
    <Page title={t("customer.cases")} lead={t("customer.cases_lead")}>
      <div class="beside">
        <Panel title={t("customer.case_new")}><NewCase onOpened={() => void list.again()} /></Panel>
        <Panel title={t("customer.cases_sent")}>
          <ProblemNote problem={list.problem.value} onAgain={() => void list.again()} />
          {rows === null ? <Loading /> : <Table caption={t("customer.cases_sent")} columns={columns} rows={rows} rowKey={(one) => one.id} empty={t("customer.cases_none")} />}
        </Panel>
      </div>
    </Page>
  );
}
