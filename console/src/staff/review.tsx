// SPDX-License-Identifier: Apache-2.0
// The queue: what waits stands left, the facts and the papers right. Made for one hand on the keyboard: j and k choose, a, r and n
// decide, ? tells the rest. Which one is looked at stands in the address.
import { useEffect, useState } from "preact/hooks";
import { useList } from "../load";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { filter, place } from "../route";
import { t, tOf } from "../words";
import { age } from "./bits";
import { can } from "./can";
import { Decide, DecideButtons, decisionsOf, Unanswered, type Decision } from "./decide";
import { Before, CaseFacts, Checks, checksOf, Family, QuotePanel, useCase } from "./facts";
import { useNews } from "./live";
import type { Case } from "./model";
import { Papers } from "./papers";

const PRESS: Record<string, Decision> = { a: "approve", r: "reject", n: "need_documents" };

function typing(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  return event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || document.querySelector("dialog[open]") !== null;
}

/** Single keys, and not while something is typed or a dialog stands. */
function useKeys(pressed: (key: string) => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => { if (!typing(event)) pressed(event.key); };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  });
}

function Keys({ onClose }: { onClose: () => void }) {
  const keys = ["j", "k", "a", "r", "n", "?"] as const;
  return (
    <Dialog title={t("staff.keys")} onClose={onClose} actions={<Button kind="primary" onPress={onClose}>{t("staff.close")}</Button>}>
      <dl class="keys">{keys.map((key) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{tOf("staff.key", key === "?" ? "help" : key)}</dd></div>)}</dl>
    </Dialog>
  );
}

function Item({ it, chosen }: { it: Case; chosen: boolean }) {
  return (
    <li>
      <button type="button" class="queue-item" aria-current={chosen ? "true" : undefined} data-id={it.id} onClick={() => filter({ id: it.id })}>
        <span class="row"><b>{it.account}</b><Money minor={it.amount} currency={it.currency} strong /></span>
        <span class="row muted fine"><span>{tOf("route", it.route)}</span><span>{age(it.created_at)}</span></span>
        <span class="row">
          <Status code={it.status} label={it.label} />
          {it.flags.length > 0 ? <span class="flagged"><Icon name="alert" />{t("staff.flags_n", { n: it.flags.length })}</span> : null}
        </span>
      </button>
    </li>
  );
}

function Pane({ id, onDecided }: { id: string; onDecided: () => void }) {
  const { it, history, account, quote, again } = useCase(id);
  const [decision, setDecision] = useState<Decision | null>(null), [seen, setSeen] = useState<{ it: Case; etag: string | null } | null>(null);
  const one = it.data.value;
  function ask(what: Decision): void {
    if (one === null || !decisionsOf(one, history.data.value).includes(what)) return;
    setSeen({ it: one, etag: it.etag.value });
    setDecision(what);
  }
  useKeys((key) => { if (PRESS[key] !== undefined) ask(PRESS[key]); });
  const done = () => { setDecision(null); void again(); onDecided(); };
  if (one === null) return it.problem.value ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : <Loading />;
  return (
    <div class="pane" data-pane={one.id}>
      <div class="pane-head">
        <div><h2><Money minor={one.amount} currency={one.currency} strong /></h2><Status code={one.status} label={one.label} /></div>
        <DecideButtons it={one} history={history.data.value} onPress={ask} keys />
      </div>
      <Unanswered key={`${one.id}${one.status}`} id={one.id} onDone={done} />
      {can("review") ? null : <Note tone="idle" icon="info" title={t("staff.only_looks")} />}
      <div class="pane-body">
        <div class="stack">
          <Checks checks={checksOf(one, account.data.value, quote.data.value, history.data.value)} />
          <Panel title={t("staff.facts")}><CaseFacts it={one} account={account.data.value} history={history.data.value} /></Panel>
        </div>
        <Panel title={t("staff.papers")}>{history.data.value === null ? <Loading /> : <Papers papers={history.data.value.documents} />}</Panel>
      </div>
      <QuotePanel quote={quote.data.value} />
      <div class="sides">
        <Before account={one.account} except={one.id} />
        {account.data.value ? <Family account={account.data.value} /> : null}
      </div>
      {decision !== null && seen !== null ? <Decide decision={decision} seen={seen} onClose={() => { setDecision(null); void again(); }} onDone={done} /> : null}
    </div>
  );
}

export function Review() {
  const waits = useList<Case>("/v1/withdrawals?status=in_review&limit=100"), papers = useList<Case>("/v1/withdrawals?status=need_documents&limit=100");
  const [help, setHelp] = useState(false);
  const again = () => Promise.all([waits.again(), papers.again()]);
  useNews(again);
  const loaded = waits.rows.value !== null && papers.rows.value !== null;
  const rows = [...(waits.rows.value ?? []), ...(papers.rows.value ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));
  const asked = place.value.query.get("id"), chosen = asked ?? rows[0]?.id ?? null;
  function step(by: number): void {
    const at = rows.findIndex((one) => one.id === chosen), to = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (to === undefined) return;
    filter({ id: to.id });
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`.queue-item[data-id="${to.id}"]`)?.focus());
  }
  useKeys((key) => {
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "?") setHelp(true);
  });
  return (
    <Page title={t("staff.queue")} lead={t("staff.queue_lead")} actions={<Button small kind="quiet" icon="info" onPress={() => setHelp(true)}>{t("staff.keys")}</Button>}>
      <ProblemNote problem={waits.problem.value ?? papers.problem.value} onAgain={() => void again()} />
      {!loaded ? <Loading /> : rows.length === 0 && chosen === null ? (
        <Panel><p class="empty">{t("staff.queue_empty")}</p></Panel>
      ) : (
        <div class="desk">
          <nav aria-label={t("staff.queue")} class="queue"><ul>{rows.map((one) => <Item key={one.id} it={one} chosen={one.id === chosen} />)}</ul></nav>
          {chosen === null ? null : <Pane key={chosen} id={chosen} onDecided={() => void again()} />}
        </div>
      )}
      {help ? <Keys onClose={() => setHelp(false)} /> : null}
    </Page>
  );
}
