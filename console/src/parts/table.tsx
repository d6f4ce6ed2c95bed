// SPDX-License-Identifier: Apache-2.0
// Rows and columns. On a narrow screen each row becomes a card whose cells carry their column's name.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../words";

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** Amounts stand right. */
  end?: boolean;
  /** The first thing one looks for in a row: heads the card on a narrow screen. */
  head?: boolean;
}

interface TableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  empty?: ComponentChildren;
  current?: string | null;
}

/** A table that is wider than its place is scrolled by keyboard too. */
function useReach(name: string) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const it = box.current;
    if (it === null) return;
    const look = new ResizeObserver(() => {
      const wide = it.scrollWidth > it.clientWidth;
      for (const [attribute, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", name]] as const)
        if (wide) it.setAttribute(attribute, value);
        else it.removeAttribute(attribute);
    });
    look.observe(it);
    if (it.firstElementChild) look.observe(it.firstElementChild);
    return () => look.disconnect();
  }, [name]);
  return box;
}

export function Table<T>(props: TableProps<T>) {
  return props.rows.length === 0 ? <p class="empty">{props.empty ?? t("table.empty")}</p> : <Rows {...props} />;
}

function Rows<T>(props: TableProps<T>) {
  const box = useReach(props.caption);
  return (
    <div class="table" ref={box}>
      <table>
        <caption class="unseen">{props.caption}</caption>
        <thead>
          <tr>{props.columns.map((c) => <th key={c.name} scope="col" class={c.end ? "end" : undefined}>{c.name}</th>)}</tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)} aria-current={props.current === props.rowKey(row) ? "true" : undefined}>
              {props.columns.map((c) => cell(c, row))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cell<T>(column: Column<T>, row: T) {
  const look = [column.end ? "end" : "", column.head ? "head" : ""].filter(Boolean).join(" ") || undefined;
  return column.head
    ? <th key={column.name} scope="row" class={look} data-name={column.name}>{column.cell(row)}</th>
    : <td key={column.name} class={look} data-name={column.name}>{column.cell(row)}</td>;
}
