// SPDX-License-Identifier: Apache-2.0
// The API's objects, as far as the console reads them (api/openapi.yaml). Amounts are minor units, moments RFC 3339.

export type Route = "original" | "designated" | "application" | "case" | "none";
export type WithdrawalStatus =
  | "awaiting_code" | "in_review" | "need_documents" | "approved" | "dispatching" | "successful" | "partly_successful" | "failed"
  | "returned" | "rejected" | "cancelled" | "expired";

export interface Refusal {
  code: string;
  rule: string | null;
}

export interface HeldBack {
  code: string;
  amount: number;
  rule: string | null;
  remedy: string;
  frees_at: string | null;
}

export interface QuoteTopup {
  ref: string;
  remaining: number;
  withdrawable: number;
  route: Route;
  routes_open: Route[];
  original_until: string | null;
  refusal: Refusal | null;
}

export interface Quote {
  policy: string;
  at: string;
  currency: string;
  cash: number;
  withdrawable: number;
  refusals: Refusal[];
  held_back: HeldBack[];
  routes: { original: number; designated: number; application: number };
  topups: QuoteTopup[];
}

export interface Topup {
  ref: string;
  id: string;
  account: string;
  amount: number;
  remaining: number;
  held: number;
  refunded: number;
  currency: string;
  method: string;
  bank: string | null;
  channel: string | null;
  channel_ref: string | null;
  paid_at: string;
  bonus: boolean;
  arbitrage: boolean;
}

export interface Account {
  ref: string;
  policy: string;
  currency: string;
  state: "active" | "frozen" | "closed";
  verified: boolean;
  subject: { kind: "person" | "enterprise" | null; name: string | null; id_number: string | null };
  phone: string | null;
  master: string | null;
  balance: { topup: number; transferred_in: number; allocated_in: number; other: number; voucher: number; held: number; cash: number };
  withdrawals_this_month: number;
}

export interface Terms {
  policy: string;
  title: { en: string; zh: string };
  currency: string;
  minimum: number;
  fee: number;
  per_withdrawal_max: number | null;
  routes: RouteTerms[];
}

export interface RouteTerms {
  route: Route;
  review: "never" | "flagged" | "always";
  payee: "any" | "subject" | "payer" | "subject_or_documents";
  documents_min: number;
  destination: { kinds: ("bank" | "alipay")[]; bank_needs: ("bank" | "branch" | "province" | "city")[] } | null;
  reasons: { code: string; inside_window: boolean; words: { en: string; zh: string } }[];
  arrival: { unit: "minutes" | "days" | "working_days" | null; least: number; most: number };
  rule: string | null;
}

export interface Failure {
  code: string;
  detail: string | null;
}

export interface Leg {
  id?: string;
  route: Route;
  channel: string | null;
  amount: number;
  fee: number;
  status: string;
  lots: { topup: string | null; amount: number }[];
  arrives_by: string | null;
  arrives_by_provisional: boolean;
  failure: Failure | null;
  reference: string | null;
  paid_at: string | null;
  arrived_at: string | null;
  returned_at: string | null;
}

export interface Destination {
  kind: "bank" | "alipay";
  name: string;
  account: string;
  bank: string | null;
  branch: string | null;
  province: string | null;
  city: string | null;
}

export interface Withdrawal {
  id: string;
  account: string;
  amount: number;
  currency: string;
  status: WithdrawalStatus;
  label: string;
  route: Route;
  strategy: string;
  reason: string | null;
  created_at: string;
  confirmed_at: string | null;
  decided_at: string | null;
  finished_at: string | null;
  approvals_needed: number;
  approvals: number;
  flags: string[];
  documents: string[];
  destination: Destination | null;
  failure: Failure | null;
  asked_for?: string | null;
  policy: string;
  tries_left?: number;
  code_expires_at?: string | null;
  legs: Leg[];
}
