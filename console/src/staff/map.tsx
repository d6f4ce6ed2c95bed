// SPDX-License-Identifier: Apache-2.0
// Where the money of a withdrawal came from and went: top-ups, the payments made of them, the attempts to pay, and what the books
// moved. Columns from left to right, lines as thick as the sums are. The same stands in the table below the picture.
import { dayTime } from "../dates";
import { money } from "../money";
import { Money } from "../parts/money";
import { Table } from "../parts/table";
import { toneOf } from "../parts/status";
import { t, tOf } from "../words";
import { channelName, Figure, When } from "./bits";
import { codeText } from "./facts";
import type { Attempt, Case, Entry, History } from "./model";

interface Node {
  key: string;
  title: string;
  about: string;
  tone: string;
  /** Keys in the column before, with the sum that comes from there. */
  from: [key: string, amount: number][];
}

const WIDE = 210, GAP = 70, HIGH = 52, ROW = 66, TOP = 30;

function legName(it: Case, index: number): string {
  return `${index + 1} · ${channelName(it.legs[index]?.channel)}`;
}

function topups(it: Case): Node[] {
  const by = new Map<string, number>();
  for (const leg of it.legs) for (const lot of leg.lots) by.set(lot.topup ?? "other", (by.get(lot.topup ?? "other") ?? 0) + lot.amount);
  return [...by].map(([ref, amount]) => ({ key: ref, title: ref === "other" ? t("staff.other_funds") : ref, about: money(amount, it.currency), tone: "idle", from: [] }));
}

function legs(it: Case): Node[] {
  return it.legs.map((leg, index) => ({
    key: leg.id ?? String(index), title: legName(it, index), about: `${money(leg.amount, it.currency)} · ${tOf("leg", leg.status)}`,
    tone: toneOf(leg.status), from: leg.lots.map((lot): [string, number] => [lot.topup ?? "other", lot.amount]),
  }));
}

function tries(it: Case, attempts: Attempt[]): Node[] {
  return attempts.map((one) => ({
    key: one.id, title: one.key, about: `${tOf("staff.attempt", one.status)} · ${t("staff.sends_n", { n: one.sends, q: one.queries })}`,
    tone: one.status === "paid" ? "good" : one.status === "refused" || one.status === "returned" ? "bad" : "warn",
    from: [[one.leg, one.amount]] as [string, number][],
  })).filter((node) => it.legs.some((leg) => leg.id === node.from[0]![0]));
}

/** An entry hangs on the last attempt of its payment; one before any was made hangs on nothing. */
function moves(entries: Entry[], attempts: Attempt[]): Node[] {
  return entries.map((entry) => {
    const attempt = attempts.filter((one) => one.leg === entry.object).at(-1);
    return {
      key: entry.id, title: tOf("staff.entry", entry.kind), about: `${money(entry.amount, entry.currency)} · ${dayTime(entry.at)}`,
      tone: entry.kind === "settle" ? "good" : entry.kind === "return" || entry.kind === "suspense" ? "bad" : "idle",
      from: attempt && entry.kind !== "freeze" ? [[attempt.id, entry.amount]] as [string, number][] : [],
    };
  });
}

function short(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most - 1) + "…";
}

function Box({ node, column, row }: { node: Node; column: number; row: number }) {
  const x = column * (WIDE + GAP), y = TOP + row * ROW;
  return (
    <g class={`box ${node.tone}`}>
      <rect x={x + 0.5} y={y + 0.5} width={WIDE - 1} height={HIGH} rx="8" />
      <text class="title" x={x + 12} y={y + 22}>{short(node.title, 24)}</text>
      <text x={x + 12} y={y + 40}>{short(node.about, 30)}</text>
    </g>
  );
}

function Line({ from, to, column, share }: { from: number; to: number; column: number; share: number }) {
  const x = (column - 1) * (WIDE + GAP) + WIDE, y = TOP + from * ROW + HIGH / 2, z = TOP + to * ROW + HIGH / 2;
  return <path class="flow" d={`M${x} ${y}C${x + GAP / 2} ${y} ${x + GAP / 2} ${z} ${x + GAP} ${z}`} stroke-width={Math.max(2, Math.round(share * 16))} />;
}

function Picture({ columns, amount }: { columns: { name: string; nodes: Node[] }[]; amount: number }) {
  const high = TOP + Math.max(1, ...columns.map((one) => one.nodes.length)) * ROW, wide = columns.length * (WIDE + GAP) - GAP;
  return (
    <div class="chart wide" tabIndex={0} role="region" aria-label={t("staff.map")}>
      <svg class="map" viewBox={`0 0 ${wide} ${high}`} width={wide} height={high} role="img" aria-label={t("staff.map_label", {
        topups: columns[0]!.nodes.length, legs: columns[1]!.nodes.length, attempts: columns[2]!.nodes.length, entries: columns[3]!.nodes.length })}>
        {columns.map((one, column) => <text key={one.name} class="column" x={column * (WIDE + GAP)} y="14">{one.name}</text>)}
        {columns.flatMap((one, column) => one.nodes.flatMap((node, row) => node.from.map(([key, sum]) => {
          const from = columns[column - 1]?.nodes.findIndex((before) => before.key === key) ?? -1;
          return from < 0 ? null : <Line key={`${key}${node.key}`} from={from} to={row} column={column} share={sum * (1 / Math.max(1, amount))} />;
        })))}
        {columns.flatMap((one, column) => one.nodes.map((node, row) => <Box key={node.key} node={node} column={column} row={row} />))}
      </svg>
    </div>
  );
}

function postings(entry: Entry) {
  return (
    <ul class="lines">
      {entry.postings.map((one, index) => (
        <li key={index}>{tOf("staff.ledger", one.ledger)}{one.channel ? ` ${channelName(one.channel)}` : ""} <Money minor={one.amount} currency={entry.currency} sign /></li>
      ))}
    </ul>
  );
}

export function MoneyMap({ it, attempts, history }: { it: Case; attempts: Attempt[]; history: History }) {
  const columns = [
    { name: t("staff.topups"), nodes: topups(it) },
    { name: t("staff.payments_n"), nodes: legs(it) },
    { name: t("staff.attempts"), nodes: tries(it, attempts) },
    { name: t("staff.entries"), nodes: moves(history.entries, attempts) },
  ];
  return (
    <Figure title={t("staff.map")} about={t("staff.map_about")} table={
      <Table caption={t("staff.entries")} rows={history.entries} rowKey={(entry) => entry.id} columns={[
        { name: t("staff.when"), cell: (entry) => <When at={entry.at} />, head: true },
        { name: t("staff.entry_kind"), cell: (entry) => tOf("staff.entry", entry.kind) },
        { name: t("staff.postings"), cell: postings },
        { name: t("staff.amount"), cell: (entry) => <Money minor={entry.amount} currency={entry.currency} />, end: true },
      ]} />}>
      <Picture columns={columns} amount={it.amount} />
    </Figure>
  );
}

/** What was sent, under which key, and what came of it. */
export function Attempts({ it, attempts }: { it: Case; attempts: Attempt[] }) {
  return (
    <Table caption={t("staff.attempts")} rows={attempts} rowKey={(one) => one.id} empty={t("staff.nothing_sent")} columns={[
      { name: t("staff.key_of"), cell: (one) => <code>{one.key}</code>, head: true },
      { name: t("staff.channel"), cell: (one) => channelName(one.channel) },
      { name: t("staff.state"), cell: (one) => tOf("staff.attempt", one.status) },
      { name: t("staff.answer"), cell: (one) => one.code ?? "—" },
      { name: t("staff.sent"), cell: (one) => t("staff.sends_n", { n: one.sends, q: one.queries }) },
      { name: t("staff.began"), cell: (one) => <When at={one.began_at} /> },
      { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={it.currency} />, end: true },
    ]} />
  );
}

/** What proves what, word for word as it was kept. */
export function Proofs({ it, history }: { it: Case; history: History }) {
  return (
    <Table caption={t("staff.evidence")} rows={history.evidence} rowKey={(one) => one.at + one.key + one.kind} empty={t("staff.no_evidence")} columns={[
      { name: t("staff.when"), cell: (one) => <When at={one.at} />, head: true },
      { name: t("staff.source"), cell: (one) => tOf("staff.sources", one.source) },
      { name: t("staff.says"), cell: (one) => tOf("staff.proof", one.kind) },
      { name: t("staff.answer"), cell: (one) => one.code ?? "—" },
      { name: t("staff.detail"), cell: (one) => <span class="mono">{[one.reference, one.detail].filter(Boolean).join(" · ") || "—"}</span> },
      { name: t("staff.effect"), cell: (one) => codeText("staff.effects", one.effect) },
      { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={it.currency} />, end: true },
    ]} />
  );
}
