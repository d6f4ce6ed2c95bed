// SPDX-License-Identifier: Apache-2.0
// What happened, and what comes next, from the top down.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";
import type { Tone } from "./status";

export interface Step {
  title: string;
  at?: string | null;
  about?: ComponentChildren;
  tone: Tone;
  icon: IconName;
  /** Not there yet. */
  ahead?: boolean;
}

export function Timeline({ steps, label }: { steps: Step[]; label: string }) {
  return (
    <ol class="timeline" aria-label={label}>
      {steps.map((step, index) => (
        <li key={index} class={`${step.tone}${step.ahead ? " ahead" : ""}`}>
          <span class="mark"><Icon name={step.icon} /></span>
          <div>
            <b>{step.title}</b>
            {step.at ? <span class="muted at">{step.at}</span> : null}
            {step.about ? <div class="about">{step.about}</div> : null}
          </div>
        </li>
      ))}
    </ol>
  );
}
