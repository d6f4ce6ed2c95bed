// SPDX-License-Identifier: Apache-2.0
// From one sum to another, step by step: bars that hang from where the one before ended; parts of the sum before them may overlap,
// so each begins at nothing. Lengths are per mille of the largest,
// rounded for the eye only; the figures beside them are exact. The picture is decoration: the same stands in a table, which is
// what is read aloud.
import type { ComponentChildren } from "preact";
import { Money } from "./money";

export interface Fall {
  key: string;
  name: string;
  amount: number;
  kind: "total" | "minus" | "part";
  /** Stands small beside the name: a rule's id. */
  tag?: string | null;
  about?: ComponentChildren;
}

function spans(falls: Fall[]): { from: number; to: number }[] {
  let level = 0;
  return falls.map((fall) => {
    if (fall.kind === "total") {
      level = fall.amount;
      return { from: 0, to: level };
    }
    if (fall.kind === "part") return { from: 0, to: fall.amount };
    level -= fall.amount;
    return { from: level, to: level + fall.amount };
  });
}

export function Waterfall({ falls, currency, caption }: { falls: Fall[]; currency: string; caption: string }) {
  const reach = Math.max(1, ...falls.map((fall) => fall.amount));
  const scale = (amount: number) => Math.round((amount * 1000) / reach);
  const all = spans(falls);
  return (
    <table class="waterfall">
      <caption class="unseen">{caption}</caption>
      <tbody>
        {falls.map((fall, index) => {
          const { from, to } = all[index]!;
          const width = fall.amount > 0 ? Math.max(6, scale(to) - scale(from)) : 0;
          return (
            <tr key={fall.key} class={fall.kind}>
              <th scope="row"><span class="name">{fall.name}</span>{fall.tag ? <span class="rule">{fall.tag}</span> : null}{fall.about ? <div class="about">{fall.about}</div> : null}</th>
              <td class="bar">
                <svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                  <rect class="rail" x="0" y="0" width="1000" height="20" />
                  <rect class="fill" x={Math.min(scale(from), 1000 - width)} y="0" width={width} height="20" />
                </svg>
              </td>
              <td class="end"><Money minor={fall.kind === "minus" ? -fall.amount : fall.amount} currency={currency} strong={fall.kind === "total"} /></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
