// SPDX-License-Identifier: Apache-2.0
// The frame of a screen: its heading, which gets the focus when one comes here, and what can be done from it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../words";

interface PageProps {
  title: string;
  /** The way back to where this belongs. */
  crumb?: ComponentChildren;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, crumb, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Ebb`;
  }, [title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div class="page">
      <div class="page-head">
        <div>{crumb ? <p class="crumb">{crumb}</p> : null}<h1 ref={heading} tabIndex={-1}>{title}</h1>{lead ? <p class="lead">{lead}</p> : null}</div>
        {actions ? <div class="actions">{actions}</div> : null}
      </div>
      {children}
    </div>
  );
}

export function Panel({ title, aside, children }: { title?: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="panel">
      {title ? <div class="panel-head"><h2>{title}</h2>{aside}</div> : null}
      {children}
    </section>
  );
}

export function Loading() {
  return <div class="loading" role="status"><span class="spinner" aria-hidden="true" /> {t("state.loading")}</div>;
}

/** Names and values, in two columns where there is room. */
export function Facts({ facts }: { facts: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}
