// SPDX-License-Identifier: Apache-2.0
// Rows and columns. On a narrow screen each row becomes a card whose cells carry their column's name.
import type { ComponentChildren } from "preact";
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

export function Table<T>(props: TableProps<T>) {
  if (props.rows.length === 0) return <p class="empty">{props.empty ?? t("table.empty")}</p>;
  return (
    <div class="table">
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
