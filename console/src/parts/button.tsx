// SPDX-License-Identifier: Apache-2.0
// Buttons do something, links go somewhere; both may look alike. A busy button takes no second click, and keeps the focus.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

interface Look {
  kind?: "primary" | "plain" | "danger" | "quiet";
  icon?: IconName;
  small?: boolean;
  children: ComponentChildren;
}

function classOf({ kind = "plain", small }: Look): string {
  return `button ${kind}${small ? " small" : ""}`;
}

interface ButtonProps extends Look {
  busy?: boolean;
  disabled?: boolean;
  submit?: boolean;
  label?: string;
  onPress?: () => void;
}

export function Button(props: ButtonProps) {
  const idle = props.disabled === true || props.busy === true;
  return (
    <button type={props.submit ? "submit" : "button"} class={classOf(props)} aria-disabled={idle} aria-busy={props.busy === true}
            aria-label={props.label} onClick={(event) => (idle ? event.preventDefault() : props.onPress?.())}>
      {props.busy ? <span class="spinner" aria-hidden="true" /> : props.icon ? <Icon name={props.icon} /> : null}
      <span>{props.children}</span>
    </button>
  );
}

export function ButtonLink(props: Look & { href: string; label?: string; download?: string }) {
  return (
    <a class={classOf(props)} href={props.href} aria-label={props.label} download={props.download}>
      {props.icon ? <Icon name={props.icon} /> : null}
      <span>{props.children}</span>
    </a>
  );
}
