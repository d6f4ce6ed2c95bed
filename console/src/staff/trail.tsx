// SPDX-License-Identifier: Apache-2.0
// What the audit says of one withdrawal, beside it: who did what and when, what it changed, and whether the chain holds there.
import { useState } from "preact/hooks";
import { useList } from "../load";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { Loading } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { hasWords, t, tOf } from "../words";
import { When } from "./bits";
import { can } from "./can";
import { codeText } from "./facts";
import type { AuditRow } from "./model";

interface Move {
  o: string;
  from: string | null;
  event: string | null;
  to: string | null;
}

type TrailRow = AuditRow & { holds: boolean };

/** A row as it was written, behind a button. */
export function Body({ row }: { row: AuditRow }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small kind="quiet" label={t("staff.show_row", { n: row.seq })} onPress={() => setOpen(!open)}>{open ? t("staff.hide") : t("staff.show")}</Button>
      {open ? <pre class="raw" tabIndex={0}>{JSON.stringify(row.body, null, 1)}</pre> : null}
    </>
  );
}

const FAMILIES: Record<string, string> = { wd: "status", leg: "leg", at: "staff.attempt" };

/** The word of a state, in the words of what it is the state of; as it is written where there is none. */
function state(family: string, code: string | null): string {
  return code === null ? "—" : hasWords(family, code) ? tOf(family, code) : code.replaceAll("_", " ");
}

/** What became what: the withdrawal, its payments, its attempts. Moves that leave the state say what happened. */
function Moves({ row }: { row: AuditRow }) {
  const moves = (row.body as { moves?: Move[] }).moves ?? [];
  return (
    <ul class="lines fine">
      {moves.map((move, index) => {
        const family = FAMILIES[move.o.split("_")[0] ?? ""] ?? "";
        return (
          <li key={index}>
            <span class="mono muted">{move.o}</span> {move.from === null && move.to === null ? <b>{state(family, move.event)}</b> : <>{state(family, move.from)} → <b>{state(family, move.to)}</b></>}
          </li>
        );
      })}
    </ul>
  );
}

function Chain({ rows }: { rows: TrailRow[] }) {
  const broken = rows.filter((row) => !row.holds);
  return broken.length === 0
    ? <Note tone="good" icon="check" title={t("staff.chain_holds", { n: rows.length })}><p class="fine">{t("staff.chain_about")}</p></Note>
    : <Note tone="bad" icon="alert" title={t("staff.chain_broken", { rows: broken.map((row) => row.seq).join(", ") })} alert><p class="fine">{t("staff.chain_about")}</p></Note>;
}

function Trail({ id, onClose }: { id: string; onClose: () => void }) {
  const list = useList<TrailRow>(`/v1/withdrawals/${id}/audit?limit=50`), rows = list.rows.value;
  return (
    <Dialog drawer title={t("staff.trail")} onClose={onClose} actions={<Button onPress={onClose}>{t("staff.close")}</Button>}>
      <div class="stack">
        <p class="mono muted">{id}</p>
        <ProblemNote problem={list.problem.value} onAgain={() => void list.again()} />
        {rows === null ? (list.problem.value ? null : <Loading />) : (
          <>
            <Chain rows={rows} />
            <ol class="trail" aria-label={t("staff.trail")}>
              {rows.map((row) => (
                <li key={row.seq}>
                  <div class="row"><b>{codeText("staff.command", row.command)}</b><When at={row.at} /></div>
                  <p>{row.principal}</p>
                  <Moves row={row} />
                  <div class="row fine">
                    <span class={row.holds ? "muted" : "broken"}><Icon name={row.holds ? "check" : "alert"} /> {t("staff.row_n", { n: row.seq })} <code>{row.hash.slice(0, 12)}</code><span class="unseen"> {row.holds ? t("staff.row_holds") : t("staff.row_broken")}</span></span>
                    <Body row={row} />
                  </div>
                </li>
              ))}
            </ol>
            {list.more.value ? <div class="actions more"><Button small busy={list.busy.value} onPress={() => void list.next()}>{t("staff.more")}</Button></div> : null}
          </>
        )}
      </div>
    </Dialog>
  );
}

/** For those who may see who did what. */
export function TrailButton({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  if (!can("audit")) return null;
  return (
    <>
      <Button icon="search" onPress={() => setOpen(true)}>{t("staff.trail")}</Button>
      {open ? <Trail id={id} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
