// SPDX-License-Identifier: Apache-2.0
// What went wrong, where it went wrong: in the person's words, with the rule and the number that support asks for. An outcome
// that is not known is not called an error: it is asked about again.
import type { ComponentChildren } from "preact";
import type { Problem } from "../api";
import { hasWords, t, tOf } from "../words";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";
import type { Tone } from "./status";

/** The problem in one sentence. */
export function problemText(problem: Problem): string {
  if (hasWords("problem", problem.code)) return tOf("problem", problem.code, { tries: problem.number("tries_left") ?? 0 });
  return problem.detail || problem.message;
}

export function ProblemNote({ problem, onAgain, children }: { problem: Problem | null; onAgain?: () => void; children?: ComponentChildren }) {
  if (problem === null) return null;
  return (
    <Note tone={problem.unheard ? "warn" : "bad"} icon="alert" alert title={problemText(problem)}>
      {children}
      <p class="muted fine">
        {problem.rule ? <span>{t("problem.rule", { rule: problem.rule })} </span> : null}
        {problem.requestId ? <span>{t("problem.request", { id: problem.requestId })}</span> : null}
      </p>
      {onAgain ? <Button small icon="again" onPress={onAgain}>{problem.stale ? t("action.reload") : t("action.again")}</Button> : null}
    </Note>
  );
}

interface NoteProps {
  tone: Tone;
  icon: IconName;
  title: string;
  alert?: boolean;
  children?: ComponentChildren;
}

export function Note({ tone, icon, title, alert, children }: NoteProps) {
  return (
    <div class={`note ${tone}`} role={alert ? "alert" : undefined}>
      <Icon name={icon} />
      <div><p><b>{title}</b></p>{children}</div>
    </div>
  );
}
