// SPDX-License-Identifier: Apache-2.0
// The demo's dials: what the simulated banks answer next, and what time it is. Only under `ebb serve --demo`, for those who hold
// its switches.
import { useState } from "preact/hooks";
import { preview, Problem } from "../api";
import { dayTime, noteServerTime } from "../dates";
import { Button } from "../parts/button";
import { Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { toast } from "../parts/toast";
import { t, tOf } from "../words";

const OUTCOMES = [
  ["paid", "paid"], ["pending", "pending_then_paid"], ["refused", "refused:ACQ.TRADE_HAS_FINISHED"], ["lost_paid", "timeout_paid"],
  ["lost_unpaid", "timeout_unpaid"], ["unknown", "unlisted_code"], ["bounce", "bounce_after:1m"],
] as const;
const STEPS = [["hour", "1h"], ["day", "26h"], ["week", "7d"]] as const;

export function Dials() {
  const [problem, setProblem] = useState<Problem | null>(null), [busy, setBusy] = useState<string | null>(null);
  async function turn(name: string, path: string, body: unknown, said: (answer: { now?: string }) => string): Promise<void> {
    if (busy !== null) return;
    setBusy(name);
    setProblem(null);
    try {
      const answer = await preview<{ now?: string }>(path, body);
      if (answer.body.now) noteServerTime(new Date(answer.body.now));
      toast(said(answer.body));
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
    setBusy(null);
  }
  return (
    <Page title={t("staff.dials")} lead={t("staff.dials_lead")}>
      <ProblemNote problem={problem} />
      <Panel title={t("staff.dial_next")}>
        <ul class="dials">
          {OUTCOMES.map(([name, word]) => (
            <li key={name}>
              <Button busy={busy === name} onPress={() => void turn(name, "/demo/channel", { next: [word] }, () => t("staff.dial_set", { what: tOf("staff.dial", name) }))}>{tOf("staff.dial", name)}</Button>
              <span class="muted fine">{tOf("staff.dial_about", name)}</span>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title={t("staff.dial_clock")}>
        <p class="muted">{t("staff.dial_clock_about")}</p>
        <div class="actions">
          {STEPS.map(([name, by]) => (
            <Button key={name} icon="clock" busy={busy === name} onPress={() => void turn(name, "/demo/clock", { advance: by }, (answer) => t("staff.dial_now", { when: dayTime(answer.now ?? "") }))}>{tOf("staff.dial_step", name)}</Button>
          ))}
        </div>
      </Panel>
    </Page>
  );
}
