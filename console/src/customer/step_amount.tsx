// SPDX-License-Identifier: Apache-2.0
// How much, and out of which orders.
import { useRef, useState } from "preact/hooks";
import { decimal, digits, money, parseAmount } from "../money";
import type { QuoteTopup } from "../model";
import { Button } from "../parts/button";
import { fieldError, focusWrong, RadioField, TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Panel } from "../parts/page";
import { t, tOf } from "../words";
import { goTo } from "./account";
import { amountMistake, change, chosen, draft, total, type Strategy } from "./draft";
import { untilWords } from "./topups";
import type { StepProps } from "./withdraw";

const STRATEGIES: readonly Strategy[] = ["lifo", "fastest", "fewest", "selected"];

function mistakeOf({ quote, terms }: StepProps): string | null {
  const it = draft.value, sum = total(it, quote.currency);
  if (it.strategy !== "selected") {
    const wrong = amountMistake(it.amount, quote.currency);
    if (wrong !== null) return wrong;
  }
  if (sum === null) return t("customer.choose_orders");
  if (sum > quote.withdrawable) return t("customer.too_much", { sum: money(quote.withdrawable, quote.currency) });
  if (sum < terms.minimum) return t("customer.too_little", { sum: money(terms.minimum, quote.currency) });
  if (terms.per_withdrawal_max !== null && sum > terms.per_withdrawal_max) return t("customer.too_much", { sum: money(terms.per_withdrawal_max, quote.currency) });
  return null;
}

function Order({ topup, currency, tried }: { topup: QuoteTopup; currency: string; tried: boolean }) {
  const typed = draft.value.orders[topup.ref] ?? "";
  const amount = parseAmount(typed, currency);
  const over = typeof amount === "number" && amount > topup.withdrawable;
  const wrong = typed === "" ? null : typeof amount === "string" ? tOf("amount", amount) : over ? t("customer.order_holds", { sum: money(topup.withdrawable, currency) }) : null;
  return (
    <div class="order">
      <TextField label={topup.ref} value={typed} inputMode="decimal" prefix="¥" optional error={tried || over ? wrong : null}
                 hint={`${untilWords(topup)} · ${t("customer.holds", { sum: money(topup.withdrawable, currency) })}`}
                 onChange={(value) => change({ orders: { ...draft.value.orders, [topup.ref]: value } })} />
      <Button small label={t("customer.all_of", { topup: topup.ref })} onPress={() => change({ orders: { ...draft.value.orders, [topup.ref]: decimal(topup.withdrawable, currency) } })}>{t("customer.all_of_it")}</Button>
    </div>
  );
}

function ordersWrong(quote: StepProps["quote"]): boolean {
  return quote.topups.some((topup) => {
    const typed = draft.value.orders[topup.ref] ?? "", amount = parseAmount(typed, quote.currency);
    return typed !== "" && (typeof amount === "string" || amount > topup.withdrawable);
  });
}

export function AmountStep(props: StepProps) {
  const { quote } = props, it = draft.value;
  const form = useRef<HTMLFormElement>(null);
  const [tried, setTried] = useState(false);
  const byHand = it.strategy === "selected";
  const mistake = (tried ? mistakeOf(props) : null) ?? fieldError(props.problem, "amount") ?? fieldError(props.problem, "topups");
  function next(): void {
    setTried(true);
    props.onProblem(null);
    if (mistakeOf(props) !== null || (byHand && ordersWrong(quote))) focusWrong(form.current);
    else goTo(["withdraw"], { step: "route" });
  }
  return (
    <Panel>
      <form ref={form} class="stack" noValidate onSubmit={(event) => { event.preventDefault(); next(); }}>
        {byHand ? null : (
          <TextField large label={t("customer.how_much")} value={it.amount} inputMode="decimal" prefix="¥" error={mistake} name="amount"
                     placeholder={digits(quote.currency) > 0 ? "0.00" : "0"} onChange={(amount) => change({ amount })}
                     hint={<>{t("customer.up_to", { sum: money(quote.withdrawable, quote.currency) })} <button type="button" class="inline" onClick={() => change({ amount: decimal(quote.withdrawable, quote.currency) })}>{t("customer.all")}</button></>} />
        )}
        <RadioField label={t("customer.out_of")} name="strategy" value={it.strategy}
                    choices={STRATEGIES.map((value) => ({ value, label: tOf("strategy", value), about: tOf("strategy_about", value) }))}
                    onChange={(strategy) => { setTried(false); change({ strategy: strategy as Strategy }); }} />
        {byHand ? (
          <div class="orders">
            {quote.topups.filter((topup) => topup.withdrawable > 0).map((topup) => <Order key={topup.ref} topup={topup} currency={quote.currency} tried={tried} />)}
            <p class="sumline"><span>{t("customer.chosen", { n: chosen(it, quote.currency).length })}</span> <Money minor={total(it, quote.currency) ?? 0} currency={quote.currency} strong /></p>
            {mistake ? <p class="error" role="alert">{mistake}</p> : null}
          </div>
        ) : null}
        <div class="actions"><Button kind="primary" submit>{t("action.next")}</Button></div>
      </form>
    </Panel>
  );
}
