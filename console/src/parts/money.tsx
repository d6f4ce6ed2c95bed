// SPDX-License-Identifier: Apache-2.0
import { money } from "../money";

/** An amount of minor units, in figures of equal width. `sign`: a gain shows its plus. */
export function Money({ minor, currency, sign = false, strong = false }: { minor: number; currency: string; sign?: boolean; strong?: boolean }) {
  return <span class={strong ? "money strong" : "money"}>{money(minor, currency, sign)}</span>;
}
