// SPDX-License-Identifier: Apache-2.0
// Customers' accounts: found by how their ref begins, and one of them with all it has.
import { useState } from "preact/hooks";
import { useList, useLoad } from "../load";
import type { Account, Quote, Topup } from "../model";
import { dayTime, left } from "../dates";
import { TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { filter, place } from "../route";
import { t, tOf } from "../words";
import { AccountLink, Pages, When, WithdrawalLink } from "./bits";
import { Before, Family, QuotePanel } from "./facts";
import { useNews } from "./live";
import type { Entry } from "./model";

const REF = /^[A-Za-z0-9._:@-]{0,64}$/;

function List() {
  const query = place.value.query.get("query") ?? "", [typed, setTyped] = useState(query);
  const list = useList<Account>(query === "" ? "/v1/accounts?limit=50" : `/v1/accounts?limit=50&query=${encodeURIComponent(query)}`);
  return (
    <Page title={t("staff.accounts")}>
      <form class="sieve" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField label={t("staff.search")} type="search" value={typed} optional hint={t("staff.search_hint")} error={REF.test(typed) ? null : t("staff.search_wrong")}
                   onChange={(value) => { setTyped(value); if (REF.test(value)) filter({ query: value }); }} />
      </form>
      <Panel>
        <Pages list={list} rowKey={(one) => one.ref} caption={t("staff.accounts")} empty={t("staff.none_such")} columns={[
          { name: t("staff.account"), cell: (one) => <AccountLink account={one.ref} />, head: true },
          { name: t("staff.state"), cell: (one) => <Status code={one.state} label={tOf("staff.account_state", one.state)} /> },
          { name: t("staff.policy"), cell: (one) => one.policy },
          { name: t("staff.held"), cell: (one) => <Money minor={one.balance.held} currency={one.currency} />, end: true },
          { name: t("staff.cash"), cell: (one) => <Money minor={one.balance.cash} currency={one.currency} />, end: true },
        ]} />
      </Panel>
    </Page>
  );
}

function until(topup: Topup, quote: Quote | null): string {
  const known = quote?.topups.find((one) => one.ref === topup.ref);
  if (known === undefined) return "—";
  const rest = known.original_until === null ? null : left(known.original_until);
  return rest === null ? tOf("staff.routes", known.route) : `${tOf("staff.routes", "original")} · ${rest}`;
}

function Topups({ account, quote }: { account: string; quote: Quote | null }) {
  const list = useList<Topup>(`/v1/accounts/${encodeURIComponent(account)}/topups?limit=20`);
  return (
    <Panel title={t("staff.topups")}>
      <Pages list={list} rowKey={(one) => one.id} caption={t("staff.topups")} columns={[
        { name: t("staff.topup"), cell: (one) => <span class="mono">{one.ref}</span>, head: true },
        { name: t("staff.method"), cell: (one) => [tOf("method", one.method), one.bank].filter(Boolean).join(" · ") },
        { name: t("staff.paid_at"), cell: (one) => dayTime(one.paid_at) },
        { name: t("staff.way_back"), cell: (one) => until(one, quote) },
        { name: t("staff.marks"), cell: (one) => [one.bonus ? t("staff.bonus") : "", one.arbitrage ? t("staff.arbitrage") : ""].filter(Boolean).join(", ") || "—" },
        { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={one.currency} />, end: true },
        { name: t("staff.remaining"), cell: (one) => <Money minor={one.remaining} currency={one.currency} />, end: true },
      ]} />
    </Panel>
  );
}

function Transactions({ account }: { account: string }) {
  const list = useList<Entry>(`/v1/accounts/${encodeURIComponent(account)}/transactions?limit=20`);
  return (
    <Panel title={t("staff.transactions")}>
      <Pages list={list} rowKey={(one) => one.id} caption={t("staff.transactions")} columns={[
        { name: t("staff.when"), cell: (one) => <When at={one.at} />, head: true },
        { name: t("staff.entry_kind"), cell: (one) => tOf("staff.entry", one.kind) },
        { name: t("staff.withdrawal"), cell: (one) => one.withdrawal === null ? "—" : <WithdrawalLink id={one.withdrawal} /> },
        { name: t("staff.postings"), cell: (one) => one.postings.map((line) => tOf("staff.ledger", line.ledger)).join(" → ") },
        { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={one.currency} />, end: true },
      ]} />
    </Panel>
  );
}

function One({ account }: { account: string }) {
  const path = `/v1/accounts/${encodeURIComponent(account)}`, it = useLoad<Account>(path), quote = useLoad<Quote>(`${path}/withdrawable`);
  useNews(() => Promise.all([it.again(), quote.again()]));
  const one = it.data.value;
  if (one === null) return <Page title={account}>{it.problem.value ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : <Loading />}</Page>;
  return (
    <Page title={account} lead={[one.subject.name, tOf("staff.subject_kind", one.subject.kind ?? "person")].filter(Boolean).join(" · ")}>
      {(quote.data.value?.refusals ?? []).map((refusal) => <Note key={refusal.code} tone="warn" icon="alert" title={tOf("refusal", refusal.code)}>{refusal.rule ? <p class="fine">{refusal.rule}</p> : null}</Note>)}
      <Panel title={t("staff.facts")} aside={<Status code={one.state} label={tOf("staff.account_state", one.state)} />}>
        <Facts facts={[
          [t("staff.policy"), one.policy], [t("staff.verified"), one.verified ? t("staff.yes") : t("staff.no")],
          [t("staff.id_number"), one.subject.id_number], [t("staff.phone"), one.phone],
          [t("staff.this_month"), t("staff.times_n", { n: one.withdrawals_this_month })],
          [t("staff.ledger_topup"), <Money minor={one.balance.topup} currency={one.currency} />],
          [tOf("staff.ledger", "transferred_in"), <Money minor={one.balance.transferred_in} currency={one.currency} />],
          [tOf("staff.ledger", "allocated_in"), <Money minor={one.balance.allocated_in} currency={one.currency} />],
          [tOf("staff.ledger", "other"), <Money minor={one.balance.other} currency={one.currency} />],
          [tOf("staff.ledger", "voucher"), <Money minor={one.balance.voucher} currency={one.currency} />],
          [t("staff.held"), <Money minor={one.balance.held} currency={one.currency} />],
        ]} />
      </Panel>
      <QuotePanel quote={quote.data.value} />
      <Topups account={account} quote={quote.data.value} />
      <div class="sides"><Before account={account} /><Family account={one} /></div>
      <Transactions account={account} />
    </Page>
  );
}

/** The list, or the account that the address names. */
export function Accounts() {
  const account = place.value.path[1];
  return account === undefined ? <List /> : <One key={account} account={account} />;
}

