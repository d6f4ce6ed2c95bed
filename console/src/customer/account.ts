// SPDX-License-Identifier: Apache-2.0
// Which account is looked at: one's own, or that of a member ("?account=" in every address of it).
import { signal } from "@preact/signals";
import { go, link, place } from "../route";
import { session } from "../session";
import type { Account } from "../model";

type Query = Record<string, string | null | undefined>;

/** Members of one's account; filled once by the face. */
export const members = signal<Account[]>([]);

export function ownAccount(): string {
  return session.value?.account ?? "";
}

export function account(): string {
  return place.value.query.get("account") ?? ownAccount();
}

function scoped(query: Query): Query {
  const here = account();
  return here === ownAccount() ? query : { account: here, ...query };
}

/** An address that stays with the account that is looked at. */
export function to(path: readonly string[], query: Query = {}): string {
  return link(path, scoped(query));
}

export function goTo(path: readonly string[], query: Query = {}): void {
  go(path, scoped(query));
}

/** "/v1/accounts/<the account>/…" */
export function pathOf(rest = "", of = account()): string {
  return `/v1/accounts/${encodeURIComponent(of)}${rest}`;
}
