// SPDX-License-Identifier: Apache-2.0
// A status is an icon, a word and a colour: never the colour alone. The word is the operator's own where it has one.
import { tOf } from "../words";
import { Icon, type IconName } from "./icon";

export type Tone = "good" | "bad" | "warn" | "work" | "idle";

const TONES: Record<string, [Tone, IconName]> = {
  awaiting_code: ["warn", "alert"], in_review: ["work", "clock"], need_documents: ["warn", "alert"], approved: ["work", "clock"],
  dispatching: ["work", "send"], successful: ["good", "check"], partly_successful: ["warn", "alert"], failed: ["bad", "cross"],
  returned: ["bad", "back"], rejected: ["bad", "cross"], cancelled: ["idle", "cross"], expired: ["idle", "clock"],
  planned: ["idle", "clock"], held: ["work", "clock"], sending: ["work", "send"], accepted: ["work", "clock"],
  unknown: ["warn", "alert"], manual: ["warn", "person"], released: ["idle", "back"], rerouted: ["idle", "back"],
  open: ["work", "clock"], closed: ["idle", "check"], active: ["good", "check"], frozen: ["warn", "alert"],
};

export function toneOf(code: string): Tone {
  return TONES[code]?.[0] ?? "idle";
}

/** `family` is where its word stands: "status" for withdrawals, "leg" for payments. */
export function Status({ code, label, family = "status" }: { code: string; label?: string | null; family?: string }) {
  const [tone, icon] = TONES[code] ?? ["idle", "info"];
  return <span class={`status ${tone}`}><Icon name={icon} /><span>{label ?? tOf(family, code)}</span></span>;
}

export function Badge({ tone, icon, children }: { tone: Tone; icon: IconName; children: string }) {
  return <span class={`status ${tone}`}><Icon name={icon} /><span>{children}</span></span>;
}
