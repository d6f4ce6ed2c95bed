// SPDX-License-Identifier: Apache-2.0
// How much can I have back, and why not more: from the balance, step by step, down to what is withdrawable and by which way.
import { useEffect } from "preact/hooks";
import { dayTime, left, noteServerTime } from "../dates";
import { useLoad, type Loaded } from "../load";
import type { Account, HeldBack, Quote, Refusal, Withdrawal } from "../model";
import { ButtonLink } from "../parts/button";
import { Icon } from "../parts/icon";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { Waterfall, type Fall } from "../parts/waterfall";
import { t, tOf } from "../words";
import { account, pathOf, to } from "./account";

/** The quote of the account; it also tells what time it is for the server. */
export function useQuote(): Loaded<Quote> {
  const quote = useLoad<Quote>(pathOf("/withdrawable"));
  const at = quote.data.value?.at;
  useEffect(() => {
    if (at) noteServerTime(new Date(at));
  }, [at]);
  return quote;
}

function Why({ item, quote }: { item: HeldBack; quote: Quote }) {
  const rest = item.frees_at === null ? null : left(item.frees_at);
  const stuck = item.code === "not_withdrawable" ? quote.topups.filter((topup) => topup.refusal !== null) : [];
  return (
    <>
      {stuck.length === 0 ? <span>{tOf("remedy", item.code)}</span> : null}
      {stuck.map((topup) => <span key={topup.ref}>{t("customer.stuck", { topup: topup.ref, why: tOf("refusal", topup.refusal?.code ?? "") })}</span>)}
      {stuck.some((topup) => topup.refusal?.code === "case_required") ? <a href={to(["cases"], { kind: "corporate_transfer" })}>{t("customer.open_case")}</a> : null}
      {rest === null || item.frees_at === null ? null : <span class="frees"><Icon name="clock" /> {t("customer.frees", { left: rest, when: dayTime(item.frees_at) })}</span>}
      {item.code === "hold" ? <a href={to(["records"])}>{t("customer.see_records")}</a> : null}
    </>
  );
}

function fallsOf(quote: Quote): Fall[] {
  const ways = (["original", "designated", "application"] as const).filter((route) => quote.routes[route] > 0);
  return [
    { key: "cash", name: t("customer.cash"), amount: quote.cash, kind: "total" },
    ...quote.held_back.map((item): Fall => ({ key: item.code, name: tOf("held", item.code), amount: item.amount, kind: "minus", tag: item.rule && t("customer.rule", { rule: item.rule }), about: <Why item={item} quote={quote} /> })),
    { key: "withdrawable", name: t("customer.withdrawable"), amount: quote.withdrawable, kind: "total" },
    ...ways.map((route): Fall => ({ key: route, name: tOf("route", route), amount: quote.routes[route], kind: "part", about: <span>{tOf("route_about", route)}</span> })),
  ];
}

export function Refusals({ refusals }: { refusals: Refusal[] }) {
  return (
    <>
      {refusals.map((refusal) => (
        <Note key={refusal.code} tone="warn" icon="alert" title={tOf("refusal", refusal.code)}>
          <p>{tOf("refusal_remedy", refusal.code)}</p>
        </Note>
      ))}
    </>
  );
}

const OPEN = new Set(["awaiting_code", "in_review", "need_documents", "approved", "dispatching"]);

function UnderWay() {
  const list = useLoad<{ data: Withdrawal[] }>(`/v1/withdrawals?limit=20&account=${encodeURIComponent(account())}`, 5000);
  const open = (list.data.value?.data ?? []).filter((w) => OPEN.has(w.status));
  return open.length === 0 ? null : (
    <Panel title={t("customer.under_way")}>
      <ul class="rows">
        {open.map((w) => (
          <li key={w.id}>
            <a href={to(["records", w.id])}><Money minor={w.amount} currency={w.currency} strong /></a>
            <Status code={w.status} label={w.label} />
            <span class="muted fine">{dayTime(w.created_at)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Answer({ quote, about }: { quote: Quote; about: Account | null }) {
  return (
    <section class="panel answer">
      <div>
        <h2 class="muted">{t("customer.withdrawable")}</h2>
        <p class="sum"><Money minor={quote.withdrawable} currency={quote.currency} /></p>
        <p class="muted fine">{t("customer.as_of", { when: dayTime(quote.at) })}</p>
      </div>
      <dl>
        <div><dt>{t("customer.cash")}</dt><dd><Money minor={quote.cash} currency={quote.currency} /></dd></div>
        {about && about.balance.voucher > 0 ? <div><dt>{t("customer.vouchers")}</dt><dd><Money minor={about.balance.voucher} currency={quote.currency} /></dd></div> : null}
      </dl>
      {quote.withdrawable > 0 ? <ButtonLink kind="primary" href={to(["withdraw"])}>{t("customer.withdraw")}</ButtonLink> : null}
    </section>
  );
}

export function Overview() {
  const quote = useQuote(), about = useLoad<Account>(pathOf());
  const it = quote.data.value;
  return (
    <Page title={t("customer.overview")} lead={account()}>
      <ProblemNote problem={quote.problem.value} onAgain={() => void quote.again()} />
      {it === null ? (quote.problem.value ? null : <Loading />) : (
        <>
          <Refusals refusals={it.refusals} />
          <Answer quote={it} about={about.data.value} />
          <Panel title={t("customer.why")}>
            <Waterfall falls={fallsOf(it)} currency={it.currency} caption={t("customer.waterfall")} />
            {Object.values(it.routes).filter((sum) => sum > 0).length > 1 ? <p class="hint">{t("customer.ways_overlap")}</p> : null}
          </Panel>
          <UnderWay />
        </>
      )}
    </Page>
  );
}
