// SPDX-License-Identifier: Apache-2.0
// Small things that many of the staff's screens show.
import type { ComponentChildren } from "preact";
import { dayTime, now } from "../dates";
import type { Listed } from "../load";
import { money } from "../money";
import { Button } from "../parts/button";
import { Icon } from "../parts/icon";
import { Loading } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Table, type Column } from "../parts/table";
import { link } from "../route";
import { t, tOf } from "../words";
import type { Counted } from "./model";

/** How long ago, or how long something took, in one or two units: "3 h 20 min". */
export function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (seconds < 60) return t("staff.seconds", { n: Math.max(0, Math.round(seconds)) });
  if (minutes < 60) return t("time.minutes", { n: minutes });
  if (minutes < 2880) return t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
  return t("time.days", { n: Math.floor(minutes / 1440) });
}

export function age(moment: string): string {
  return span((now.value - new Date(moment).getTime()) / 1000);
}

export function AccountLink({ account }: { account: string | null }) {
  return account === null ? <>—</> : <a href={link(["accounts", account])}>{account}</a>;
}

export function WithdrawalLink({ id, children }: { id: string | null; children?: ComponentChildren }) {
  return id === null ? <>—</> : <a class="mono" href={link(["withdrawals", id])}>{children ?? id}</a>;
}

/** Sums by currency: "¥620.00 · $3.00". */
export function sums(rows: Counted[]): string {
  const by = new Map<string, number>();
  for (const row of rows) if (row.currency !== undefined) by.set(row.currency, (by.get(row.currency) ?? 0) + (row.amount ?? 0));
  return [...by].map(([currency, minor]) => money(minor, currency)).join(" · ");
}

export function channelName(channel: string | null | undefined): string {
  return channel ? tOf("channel", channel) : "—";
}

export function When({ at }: { at: string | null }) {
  return at === null ? <>—</> : <time dateTime={at}>{dayTime(at)}</time>;
}

/** A list of pages with what was asked, what went wrong, and the way to the rest. */
export function Pages<T>({ list, columns, rowKey, caption, empty }: {
  list: Listed<T>; columns: Column<T>[]; rowKey: (row: T) => string; caption: string; empty?: ComponentChildren;
}) {
  return (
    <>
      <ProblemNote problem={list.problem.value} onAgain={() => void list.again()} />
      {list.rows.value === null
        ? (list.problem.value ? null : <Loading />)
        : <Table caption={caption} columns={columns} rows={list.rows.value} rowKey={rowKey} empty={empty} />}
      {list.more.value ? (
        <div class="actions more"><Button small busy={list.busy.value} onPress={() => void list.next()}>{t("staff.more")}</Button></div>
      ) : null}
    </>
  );
}

/** A picture with its figures: the table is always there, one press away. */
export function Figure({ title, about, children, table }: {
  title: string; about?: ComponentChildren; children: ComponentChildren; table: ComponentChildren;
}) {
  return (
    <figure class="figure">
      <figcaption><h2>{title}</h2>{about ? <p class="muted fine">{about}</p> : null}</figcaption>
      {children}
      <details><summary>{t("staff.as_table")}</summary>{table}</details>
    </figure>
  );
}

export function Tile({ name, value, about, href, tone }: {
  name: string; value: string; about?: ComponentChildren; href: string; tone?: "warn" | "bad" | "good";
}) {
  return (
    <a class={`tile ${tone ?? ""}`} href={href}>
      <span class="tile-name">{tone === "bad" || tone === "warn" ? <Icon name="alert" /> : null}{name}</span>
      <b>{value}</b>
      <span class="muted fine">{about}</span>
    </a>
  );
}
