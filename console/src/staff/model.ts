// SPDX-License-Identifier: Apache-2.0
// What only staff are told (api/openapi.yaml).
import type { Withdrawal } from "../model";

export type Case = Withdrawal & { id: string; policy_version: number };

export interface Counted {
  day?: string;
  status?: string;
  channel?: string | null;
  kind?: string;
  age?: string;
  currency?: string;
  count: number;
  amount?: number;
  p50_seconds?: number;
  p90_seconds?: number;
  oldest_at?: string;
  oldest_seconds?: number;
}

export interface Summary {
  at: string;
  from: string;
  to: string;
  withdrawals: Counted[];
  legs: Counted[];
  arrival: Counted[];
  open: Counted[];
  in_transit: Counted[];
  queue: Counted[];
  incidents: Counted[];
}

export interface Review {
  at: string;
  reviewer: string;
  decision: string;
  reason: string | null;
  version: number;
}

export interface Evidence {
  at: string;
  attempt: string | null;
  channel: string;
  key: string;
  source: string;
  kind: string;
  code: string | null;
  amount: number;
  reference: string | null;
  detail: string | null;
  effect: string | null;
}

export interface Paper {
  id: string;
  name: string | null;
  media_type: string;
  size: number;
  uploader: string;
  at: string;
}

export interface Posting {
  ledger: string;
  channel?: string;
  amount: number;
  source: string | null;
}

export interface Entry {
  id: string;
  type: string;
  kind: string;
  amount: number;
  currency: string;
  at: string;
  withdrawal: string | null;
  object: string | null;
  postings: Posting[];
}

export interface History {
  id: string;
  maker: string;
  reviews: Review[];
  evidence: Evidence[];
  documents: Paper[];
  entries: Entry[];
}

export interface Attempt {
  id: string;
  leg: string;
  number: number;
  key: string;
  channel: string;
  status: string;
  amount: number;
  sends: number;
  queries: number;
  code: string | null;
  began_at: string;
  last_sent_at: string | null;
}

export interface Incident {
  id: string;
  at: string;
  kind: string;
  account: string | null;
  withdrawal: string | null;
  detail: string;
  amount: number;
  currency: string | null;
}

export interface Turnover {
  from: string;
  to: string;
  data: { ledger: string; channel: string | null; currency: string; postings: number; in: number; out: number }[];
}

export interface AuditRow {
  seq: number;
  at: string;
  principal: string;
  command: string;
  account: string | null;
  object: string | null;
  body: unknown;
  hash: string;
}

export interface Quarantine {
  status: string;
  reason?: string;
  detail?: string | null;
  since?: string;
  gap?: { from: string | null; to: string | null };
  proposal?: { by: string; at: string; override: boolean; reason: string } | null;
  release?: { by: string; at: string; reason: string } | null;
  open?: { attempts: number; unasked: number; unsent: number };
  channels?: { channel: string; covered: boolean; missing_from: string | null; missing_to: string | null }[];
  strays?: Record<string, number>;
  clear?: boolean;
}

export interface Stray {
  id: string;
  status: string;
  channel: string;
  key: string;
  outcome: string;
  amount: number;
  currency: string;
  reference: string | null;
  at: string;
  account: string | null;
  candidates: string[];
}
