// SPDX-License-Identifier: Apache-2.0
// What a person must know to decide about a withdrawal: who asks, where the money would go, what speaks against it, what the
// account may have back and why, and what it asked for before.
import { dayTime, left } from "../dates";
import { useList, useLoad } from "../load";
import type { Account, HeldBack, Quote, QuoteTopup, Withdrawal } from "../model";
import { Icon, type IconName } from "../parts/icon";
import { Money } from "../parts/money";
import { Facts, Loading, Panel } from "../parts/page";
import { Status, type Tone } from "../parts/status";
import { Table } from "../parts/table";
import { Waterfall, type Fall } from "../parts/waterfall";
import { hasWords, t, tOf } from "../words";
import { AccountLink, age, channelName, WithdrawalLink } from "./bits";
import { me } from "./can";
import type { Case, History } from "./model";

function destination(it: Case) {
  const to = it.destination;
  if (to === null) return t("staff.to_payer");
  return [to.name, to.account, to.bank, to.branch, to.province, to.city].filter(Boolean).join(" · ");
}

/** Who saw and who decided, in the order in which it happened. */
function said(history: History | null) {
  if (history === null || history.reviews.length === 0) return null;
  return (
    <ul class="lines">
      {history.reviews.map((one) => (
        <li key={one.at}>{one.reviewer}: {tOf("staff.decision", one.decision)}{one.reason ? ` – ${one.reason}` : ""} <span class="muted fine">{dayTime(one.at)}</span></li>
      ))}
    </ul>
  );
}

export function CaseFacts({ it, account, history }: { it: Case; account: Account | null; history: History | null }) {
  return (
    <Facts facts={[
      [t("staff.account"), <AccountLink account={it.account} />],
      [t("staff.subject"), account ? `${account.subject.name ?? "—"} · ${tOf("staff.subject_kind", account.subject.kind ?? "person")}` : ""],
      [t("staff.asked"), `${dayTime(it.created_at)} · ${age(it.created_at)}`],
      [t("staff.maker"), history?.maker ?? ""],
      [t("staff.route"), tOf("route", it.route)],
      [t("staff.reason"), it.reason === null ? "" : tOf("staff.reasons", it.reason)],
      [t("staff.pays_to"), destination(it)],
      [t("staff.payments_n"), it.legs.map((leg) => channelName(leg.channel)).join(", ")],
      [t("staff.policy"), `${it.policy} · ${t("staff.version_n", { n: it.policy_version })}`],
      [t("staff.approvals"), t("staff.approvals_of", { n: it.approvals, of: it.approvals_needed })],
      [t("staff.said"), said(history)],
      [t("staff.number"), <WithdrawalLink id={it.id} />],
    ]} />
  );
}

interface Check {
  tone: Tone;
  icon: IconName;
  text: string;
}

/** The windows of the top-ups that this withdrawal gives back. */
function windows(it: Case, quote: Quote | null): Check[] {
  const lots = new Set(it.legs.filter((leg) => leg.route === "original").flatMap((leg) => leg.lots.map((lot) => lot.topup)));
  return (quote?.topups ?? []).filter((one: QuoteTopup) => lots.has(one.ref)).flatMap((one): Check[] => {
    if (one.original_until === null) return one.route === "original" ? [] : [{ tone: "bad", icon: "clock", text: t("staff.check_window_over", { topup: one.ref }) }];
    const rest = left(one.original_until);
    if (rest === null) return [{ tone: "bad", icon: "clock", text: t("staff.check_window_over", { topup: one.ref }) }];
    return Date.parse(one.original_until) - Date.now() < 5 * 86_400_000
      ? [{ tone: "warn", icon: "clock", text: t("staff.check_window", { topup: one.ref, left: rest }) }] : [];
  });
}

export function checksOf(it: Case, account: Account | null, quote: Quote | null, history: History | null): Check[] {
  const checks: Check[] = it.flags.map((flag) => ({ tone: "warn", icon: "alert", text: tOf("staff.flag", flag) }));
  checks.push(...windows(it, quote));
  for (const refusal of quote?.refusals ?? []) checks.push({ tone: "bad", icon: "alert", text: tOf("refusal", refusal.code) });
  if (it.status === "need_documents") checks.push({ tone: "warn", icon: "file", text: t("staff.check_papers_awaited") });
  if (history && history.maker === me()) checks.push({ tone: "bad", icon: "people", text: t("staff.check_maker") });
  if (history && it.reason !== null && history.documents.length === 0) checks.push({ tone: "warn", icon: "file", text: t("staff.check_no_papers") });
  if (account && !account.verified) checks.push({ tone: "bad", icon: "person", text: t("staff.check_unverified") });
  if (checks.length === 0) checks.push({ tone: "good", icon: "check", text: t("staff.check_none") });
  return checks;
}

export function Checks({ checks }: { checks: Check[] }) {
  return <ul class="checks">{checks.map((one) => <li key={one.text} class={one.tone}><Icon name={one.icon} /><span>{one.text}</span></li>)}</ul>;
}

function why(item: HeldBack) {
  const rest = item.frees_at === null ? null : left(item.frees_at);
  return (
    <>
      {rest === null ? null : <span class="frees"><Icon name="clock" /> {t("staff.frees", { left: rest })}</span>}
      {item.rule === null ? null : <span class="rule">{item.rule}</span>}
    </>
  );
}

export function fallsOf(quote: Quote): Fall[] {
  const routes = (["original", "designated", "application"] as const).filter((route) => quote.routes[route] > 0);
  return [
    { key: "cash", name: t("staff.cash"), amount: quote.cash, kind: "total" },
    ...quote.held_back.map((item): Fall => ({ key: item.code, name: tOf("held", item.code), amount: item.amount, kind: "minus", about: why(item) })),
    { key: "withdrawable", name: t("staff.withdrawable"), amount: quote.withdrawable, kind: "total" },
    ...routes.map((route): Fall => ({ key: route, name: tOf("route", route), amount: quote.routes[route], kind: "part" })),
  ];
}

export function QuotePanel({ quote }: { quote: Quote | null }) {
  return (
    <Panel title={t("staff.quote_now")}>
      {quote === null ? <Loading /> : <Waterfall falls={fallsOf(quote)} currency={quote.currency} caption={t("staff.quote_caption")} />}
    </Panel>
  );
}

/** Whatever else this account asked for; the one that is looked at is not among them. */
export function Before({ account, except }: { account: string; except?: string }) {
  const list = useList<Withdrawal>(`/v1/withdrawals?account=${encodeURIComponent(account)}&limit=10`);
  const rows = list.rows.value?.filter((one) => one.id !== except) ?? null;
  return (
    <Panel title={t("staff.before")}>
      {rows === null ? <Loading /> : (
        <Table caption={t("staff.before")} rows={rows} rowKey={(one) => one.id} empty={t("staff.before_none")} columns={[
          { name: t("staff.asked"), cell: (one) => <WithdrawalLink id={one.id}>{dayTime(one.created_at)}</WithdrawalLink>, head: true },
          { name: t("staff.state"), cell: (one) => <Status code={one.status} label={one.label} /> },
          { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={one.currency} />, end: true },
        ]} />
      )}
    </Panel>
  );
}

/** Accounts that belong together: a master's members, or what stands beside a member. */
export function Family({ account }: { account: Account }) {
  const list = useList<Account>(`/v1/accounts?master=${encodeURIComponent(account.master ?? account.ref)}&limit=20`);
  const rows = list.rows.value?.filter((one) => one.ref !== account.ref) ?? [];
  if (rows.length === 0 && account.master === null) return null;
  return (
    <Panel title={t("staff.family")}>
      {account.master ? <p class="muted fine">{t("staff.master")}: <AccountLink account={account.master} /></p> : null}
      {rows.length === 0 ? null : <Table caption={t("staff.family")} rows={rows} rowKey={(one) => one.ref} columns={[
        { name: t("staff.account"), cell: (one) => <AccountLink account={one.ref} />, head: true },
        { name: t("staff.state"), cell: (one) => <Status code={one.state} label={tOf("staff.account_state", one.state)} /> },
        { name: t("staff.cash"), cell: (one) => <Money minor={one.balance.cash} currency={one.currency} />, end: true },
      ]} />}
    </Panel>
  );
}

/** A word for a code, where there is one, and the code itself where there is none. */
export function codeText(family: string, code: string | null): string {
  if (code === null) return "—";
  return hasWords(family, code) ? tOf(family, code) : code;
}

export function useCase(id: string | null) {
  const path = id === null ? null : `/v1/withdrawals/${id}`;
  const it = useLoad<Case>(path), history = useLoad<History>(path === null ? null : `${path}/history`);
  const ref = it.data.value?.account;
  const at = ref === undefined ? null : `/v1/accounts/${encodeURIComponent(ref)}`;
  const account = useLoad<Account>(at), quote = useLoad<Quote>(at === null ? null : `${at}/withdrawable`);
  return { it, history, account, quote, again: () => Promise.all([it.again(), history.again(), quote.again()]).then(() => undefined) };
}
