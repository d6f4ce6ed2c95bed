// SPDX-License-Identifier: Apache-2.0
// A withdrawal as it is being filled in. It stays in this tab over reloads, and after it was asked for, so that one that was sent
// back can be filled in again with one click; signing out forgets it.
import { signal } from "@preact/signals";
import { keptHere } from "../kept";
import { decimal, parseAmount } from "../money";
import type { Quote, Route, RouteTerms, Terms, Withdrawal } from "../model";
import { language, t, tOf } from "../words";
import { account } from "./account";
import type { Paper } from "./papers";

export type Strategy = "lifo" | "fastest" | "fewest" | "selected";

export interface Payee {
  kind: "bank" | "alipay";
  name: string;
  account: string;
  /** The bank's code, or whatever was typed; and what a chosen one is called. */
  bank: string;
  bank_name: string;
  branch: string;
  province: string;
  city: string;
}

export interface Draft {
  amount: string;
  strategy: Strategy;
  /** Of orders chosen by hand: what was typed for each. */
  orders: Record<string, string>;
  route: Route | "";
  reason: string;
  payee: Payee;
  papers: Paper[];
  /** The withdrawal that this one is filed instead of. */
  instead: string | null;
}

const EMPTY: Draft = {
  amount: "", strategy: "lifo", orders: {}, route: "", reason: "", papers: [], instead: null,
  payee: { kind: "bank", name: "", account: "", bank: "", bank_name: "", branch: "", province: "", city: "" },
};

export const draft = signal<Draft>(EMPTY);

/** Reads the draft of an account; called when its wizard opens. */
export function openDraft(of = account()): void {
  const text = keptHere(`draft.new.${of}`);
  draft.value = text === null ? EMPTY : { ...EMPTY, ...(JSON.parse(text) as Partial<Draft>) };
}

export function change(some: Partial<Draft>, of = account()): void {
  draft.value = { ...draft.value, ...some };
  keptHere(`draft.new.${of}`, JSON.stringify(draft.value));
}

export function changePayee(some: Partial<Payee>): void {
  change({ payee: { ...draft.value.payee, ...some } });
}

/** It was asked for: kept under its id, for the case that it comes back. */
export function fileDraft(withdrawal: string, of = account()): void {
  keptHere(`draft.of.${withdrawal}`, JSON.stringify(draft.value));
  keptHere(`draft.new.${of}`, null);
  draft.value = EMPTY;
}

/** Fills in anew what was asked before. From another tab or day, the payee's name and number are not known in clear: those
 * two are asked for again. */
export function draftFrom(w: Withdrawal): void {
  const text = keptHere(`draft.of.${w.id}`);
  const before = text === null ? null : (JSON.parse(text) as Draft);
  const payee = { ...EMPTY.payee, ...(w.destination === null ? {} : {
    kind: w.destination.kind, bank: w.destination.bank ?? "", branch: w.destination.branch ?? "",
    province: w.destination.province ?? "", city: w.destination.city ?? "",
  }) };
  const papers = w.documents.map((id, index) => ({ id, name: t("customer.paper_before", { n: index + 1 }) }));
  const amount = decimal(w.amount, w.currency);
  change({ ...(before ?? { ...EMPTY, amount, route: w.route, reason: w.reason ?? "", payee, papers }), instead: w.id }, w.account);
}

/** What is wrong with a typed amount, in words; null when it is one. */
export function amountMistake(typed: string, currency: string): string | null {
  const parsed = parseAmount(typed, currency);
  return typeof parsed === "string" ? tOf("amount", parsed) : null;
}

/** Chosen orders as the API wants them; those left empty are not chosen. */
export function chosen(it: Draft, currency: string): { ref: string; amount: number }[] {
  return Object.entries(it.orders).flatMap(([ref, typed]) => {
    const amount = parseAmount(typed, currency);
    return typeof amount === "number" ? [{ ref, amount }] : [];
  });
}

export function total(it: Draft, currency: string): number | null {
  if (it.strategy === "selected") {
    const sum = chosen(it, currency).reduce((all, one) => all + one.amount, 0);
    return sum > 0 ? sum : null;
  }
  const amount = parseAmount(it.amount, currency);
  return typeof amount === "number" ? amount : null;
}

/** What a route can pay: for the designated one, with a reason that does not wait, orders inside their window too. */
export function holds(quote: Quote, terms: RouteTerms, reason: string): number {
  if (terms.route !== "designated") return quote.routes[terms.route as "original" | "application"];
  const early = terms.reasons.length === 0 || terms.reasons.some((r) => r.inside_window && (reason === "" || r.code === reason));
  if (!early) return quote.routes.designated;
  const open = quote.topups.filter((topup) => topup.routes_open.includes("designated"));
  return Math.min(quote.withdrawable, open.reduce((sum, topup) => sum + topup.withdrawable, 0));
}

export function offered(quote: Quote, terms: Terms): RouteTerms[] {
  return terms.routes.filter((one) => holds(quote, one, "") > 0);
}

export function reasonWords(terms: RouteTerms | undefined, code: string | null): string | null {
  const words = terms?.reasons.find((reason) => reason.code === code)?.words;
  return words === undefined ? code : words[language.value];
}

/** "within 60 minutes", "7 to 15 days" */
export function arrivalWords(terms: RouteTerms): string {
  const { unit, least, most } = terms.arrival;
  if (unit === null) return t("customer.arrival_unstated");
  const span = tOf("span", unit, { n: least > 0 ? `${least}–${most}` : most });
  return least > 0 ? t("customer.arrival_between", { span }) : t("customer.arrival_within", { span });
}

/** The request's body. */
export function bodyOf(it: Draft, terms: Terms, currency: string, of = account()): Record<string, unknown> {
  const route = terms.routes.find((one) => one.route === it.route);
  const needs = it.payee.kind === "bank" ? (route?.destination?.bank_needs ?? []) : [];
  const extra = Object.fromEntries(needs.map((member) => [member, it.payee[member].trim() || null]));
  return {
    account: of,
    amount: total(it, currency),
    ...(it.strategy === "selected" ? { topups: chosen(it, currency) } : { strategy: it.strategy }),
    route: it.route,
    ...(route?.destination ? { destination: { kind: it.payee.kind, name: it.payee.name.trim(), account: it.payee.account.replace(/\s/g, ""), ...extra } } : {}),
    ...(route && route.reasons.length > 0 ? { reason: it.reason || null } : {}),
    ...(route && route.documents_min > 0 ? { documents: it.papers.map((paper) => paper.id) } : {}),
  };
}
