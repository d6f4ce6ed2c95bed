// SPDX-License-Identifier: Apache-2.0
// For those who answer for the books: what each ledger account got and gave in a period, who did what, and the rules that stand.
import { useList, useLoad } from "../load";
import { Button } from "../parts/button";
import { TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Badge } from "../parts/status";
import { filter, link, place } from "../route";
import { language, t, tOf } from "../words";
import { channelName, Pages, When } from "./bits";
import { codeText } from "./facts";
import { useNews } from "./live";
import type { AuditRow, Turnover } from "./model";
import { Body } from "./trail";

type Line = Turnover["data"][number];

function Balance({ lines, currency }: { lines: Line[]; currency: string }) {
  const got = lines.reduce((sum, line) => sum + line.in, 0), gave = lines.reduce((sum, line) => sum + line.out, 0);
  return (
    <Panel title={t("staff.turnover_of", { currency })} aside={got === gave
      ? <Badge tone="good" icon="check">{t("staff.balanced")}</Badge> : <Badge tone="bad" icon="alert">{t("staff.unbalanced")}</Badge>}>
      <div class="table">
        <table>
          <caption class="unseen">{t("staff.turnover_of", { currency })}</caption>
          <thead><tr><th scope="col">{t("staff.ledger_account")}</th><th scope="col" class="end">{t("staff.postings")}</th><th scope="col" class="end">{t("staff.in")}</th><th scope="col" class="end">{t("staff.out")}</th><th scope="col" class="end">{t("staff.net")}</th></tr></thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.ledger + (line.channel ?? "")}>
                <th scope="row">{tOf("staff.ledger", line.ledger)}{line.channel ? ` · ${channelName(line.channel)}` : ""}</th>
                <td class="end money" data-name={t("staff.postings")}>{line.postings}</td>
                <td class="end" data-name={t("staff.in")}><Money minor={line.in} currency={currency} /></td>
                <td class="end" data-name={t("staff.out")}><Money minor={line.out} currency={currency} /></td>
                <td class="end" data-name={t("staff.net")}><Money minor={line.in - line.out} currency={currency} sign /></td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t("staff.total")}</th><td class="end" />
              <td class="end" data-name={t("staff.in")}><Money minor={got} currency={currency} strong /></td>
              <td class="end" data-name={t("staff.out")}><Money minor={gave} currency={currency} strong /></td>
              <td class="end" data-name={t("staff.net")}><Money minor={got - gave} currency={currency} strong /></td>
            </tr>
          </tfoot>
        </table>
      </div>
    </Panel>
  );
}

function midnight(day: string): string {
  return encodeURIComponent(`${day}T00:00:00+08:00`);
}

export function Ledger() {
  const query = place.value.query, from = query.get("from") ?? "", to = query.get("to") ?? "";
  const asked = [from ? `from=${midnight(from)}` : "", to ? `to=${midnight(to)}` : ""].filter(Boolean).join("&");
  const it = useLoad<Turnover>(`/v1/ledger${asked ? `?${asked}` : ""}`), data = it.data.value;
  useNews(() => it.again());
  const wrong = it.problem.value?.fields.some((field) => field.pointer.endsWith("from")) ? t("staff.period_wrong") : null;
  return (
    <Page title={t("staff.ledger_title")} lead={t("staff.ledger_lead")}>
      <form class="sieve" onSubmit={(event) => event.preventDefault()}>
        <TextField label={t("staff.from")} type="date" value={from || (data?.from.slice(0, 10) ?? "")} optional error={wrong} onChange={(value) => filter({ from: value })} />
        <TextField label={t("staff.to_day")} type="date" value={to} optional onChange={(value) => filter({ to: value })} />
      </form>
      {wrong === null ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : null}
      {data === null ? (it.problem.value ? null : <Loading />)
        : data.data.length === 0 ? <Panel><p class="empty">{t("table.empty")}</p></Panel>
          : [...new Set(data.data.map((line) => line.currency))].map((currency) => <Balance key={currency} currency={currency} lines={data.data.filter((line) => line.currency === currency)} />)}
    </Page>
  );
}

/** Each row's hash covers the one before: what follows on another is seen to follow. */
export function Audit() {
  const list = useList<AuditRow>("/v1/audit?order=newest&limit=25");
  const head = list.rows.value?.[0];
  return (
    <Page title={t("staff.audit")} lead={t("staff.audit_lead")} actions={<Button small icon="again" busy={list.busy.value} onPress={() => void list.again()}>{t("staff.newest")}</Button>}>
      {head ? <Panel title={t("staff.chain")} aside={<span class="mono fine">{t("staff.row_n", { n: head.seq })}</span>}><p class="mono fine">{head.hash}</p><p class="muted fine">{t("staff.chain_about")}</p></Panel> : null}
      <Panel>
        <Pages list={list} rowKey={(row) => String(row.seq)} caption={t("staff.audit")} columns={[
          { name: "#", cell: (row) => <span class="money">{row.seq}</span> },
          { name: t("staff.when"), cell: (row) => <When at={row.at} /> },
          { name: t("staff.who"), cell: (row) => row.principal, head: true },
          { name: t("staff.did"), cell: (row) => codeText("staff.command", row.command) },
          { name: t("staff.about"), cell: (row) => <Body row={row} /> },
          { name: t("staff.hash"), cell: (row) => <code>{row.hash.slice(0, 12)}</code> },
        ]} />
      </Panel>
    </Page>
  );
}

interface PolicyVersion {
  name: string;
  version: number;
  newest: boolean;
}

/** Headings end in nothing, sentences in a rule: as `ebb policy explain` prints them. */
function Explanation({ text }: { text: string }) {
  const sections: string[][] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== ""))
    if (/^\s/.test(line)) sections.at(-1)?.push(line);
    else sections.push([line]);
  return (
    <div class="explained">
      {sections.map(([heading, ...lines]) => (
        <section key={heading}><h3>{heading}</h3>{lines.map((line, index) => <p key={index}>{line.trim().replace(/^- /, "")}</p>)}</section>
      ))}
    </div>
  );
}

function Explained({ name }: { name: string }) {
  const it = useLoad<{ name: string; version: number; explanation: string }>(`/v1/policies/${encodeURIComponent(name)}`);
  const said = language.value;
  return (
    <Panel title={name} aside={it.data.value ? <span class="muted">{t("staff.version_n", { n: it.data.value.version })}</span> : null}>
      <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} />
      {it.data.value === null ? (it.problem.value ? null : <Loading />) : <Explanation key={said} text={it.data.value.explanation} />}
    </Panel>
  );
}

export function Policies() {
  const list = useLoad<{ data: PolicyVersion[] }>("/v1/policies"), all = list.data.value?.data ?? [];
  const names = all.filter((one) => one.newest).map((one) => one.name), chosen = place.value.path[2] ?? names[0];
  return (
    <Page title={t("staff.policies")} lead={t("staff.policies_lead")}>
      <ProblemNote problem={list.problem.value} onAgain={() => void list.again()} />
      <nav class="tabs" aria-label={t("staff.policies")}>
        {names.map((name) => (
          <a key={name} href={link(["books", "policies", name])} aria-current={name === chosen ? "page" : undefined}>
            {name} <span class="muted fine">{t("staff.versions_n", { n: all.filter((one) => one.name === name).length })}</span>
          </a>
        ))}
      </nav>
      {chosen === undefined ? <Loading /> : <Explained key={`${chosen}${language.value}`} name={chosen} />}
    </Page>
  );
}

