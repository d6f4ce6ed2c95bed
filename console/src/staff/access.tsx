// SPDX-License-Identifier: Apache-2.0
// Who may what, and the books as files.
import { useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { useLoad } from "../load";
import { Button, ButtonLink } from "../parts/button";
import { fieldError, SelectField, TextField } from "../parts/field";
import { Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Table } from "../parts/table";
import { t, tOf } from "../words";
import { codeText } from "./facts";

interface Matrix {
  roles: { name: string; people: boolean; may: string }[];
  routes: { method: string; path: string; open: boolean; roles: string[] }[];
}

export function Roles() {
  const it = useLoad<Matrix>("/v1/roles"), matrix = it.data.value, roles = matrix?.roles.filter((role) => role.people) ?? [];
  return (
    <Page title={t("staff.roles")} lead={t("staff.roles_lead")}>
      <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} />
      {matrix === null ? (it.problem.value ? null : <Loading />) : (
        <>
          <Panel title={t("staff.roles")}>
            <Table caption={t("staff.roles")} rows={roles} rowKey={(role) => role.name} columns={[
              { name: t("staff.role_name"), cell: (role) => tOf("staff.role", role.name), head: true },
              { name: t("staff.role_may"), cell: (role) => codeText("staff.role_may", role.name) },
            ]} />
          </Panel>
          <Panel title={t("staff.matrix")}>
            <div class="matrix">
              <Table caption={t("staff.matrix")} rows={matrix.routes.filter((route) => roles.some((role) => route.roles.includes(role.name)))} rowKey={(route) => `${route.method} ${route.path}`} columns={[
                { name: t("staff.request"), cell: (route) => <code>{route.method} {route.path}</code>, head: true },
                ...roles.map((role) => ({ name: tOf("staff.role", role.name), cell: (route: Matrix["routes"][number]) => route.roles.includes(role.name) ? <><span aria-hidden="true">●</span><span class="unseen">{t("staff.yes")}</span></> : <span class="unseen">{t("staff.no")}</span> })),
              ]} />
            </div>
          </Panel>
        </>
      )}
    </Page>
  );
}

interface Export {
  id: string;
  state: string;
  what: string;
  format: string;
  rows?: number;
  bytes?: number;
}

const WHAT = ["withdrawals", "legs", "accounts", "topups", "transactions", "events", "audit", "journal"] as const;
const TABLES = ["csv", "xlsx", "jsonl"], JOURNALS = ["hledger", "ledger", "beancount"];

/** Follows an export until its file is there. */
function Made({ id }: { id: string }) {
  const it = useLoad<Export>(`/v1/exports/${id}`, 1000), one = it.data.value;
  if (one === null) return it.problem.value ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : <Loading />;
  if (one.state === "failed") return <Note tone="bad" icon="alert" title={t("staff.export_failed")} alert />;
  if (one.state !== "done") return <p class="muted" role="status">{t("staff.export_made")}</p>;
  return (
    <Note tone="good" icon="check" title={t("staff.export_done")}>
      <ButtonLink small icon="file" href={`/v1/exports/${id}/file`} download={`${one.what}.${one.format}`}>{t("staff.download")}</ButtonLink>
    </Note>
  );
}

export function Exports() {
  const [what, setWhat] = useState<string>(WHAT[0]), [format, setFormat] = useState("csv"), [from, setFrom] = useState(""), [to, setTo] = useState("");
  const [made, setMade] = useState<string | null>(null), [problem, setProblem] = useState<Problem | null>(null);
  const formats = what === "journal" ? JOURNALS : TABLES, chosen = formats.includes(format) ? format : formats[0]!;
  const moment = (day: string) => (day === "" ? null : `${day}T00:00:00+08:00`);
  async function make(): Promise<void> {
    setProblem(null);
    setMade(null);
    try {
      setMade((await act<Export>("export", "POST", "/v1/exports", { what, format: chosen, from: moment(from), to: moment(to) })).body.id);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
  }
  return (
    <Page title={t("staff.exports")} lead={t("staff.exports_lead")}>
      <Panel>
        <form class="stack" onSubmit={(event) => { event.preventDefault(); void make(); }}>
          <div class="sieve">
            <SelectField label={t("staff.export_what")} value={what} onChange={setWhat} choices={WHAT.map((value) => ({ value, label: tOf("staff.exported", value) }))} error={fieldError(problem, "what")} />
            <SelectField label={t("staff.export_format")} value={chosen} onChange={setFormat} choices={formats.map((value) => ({ value, label: value === "jsonl" ? "JSONL" : value.length > 4 ? value : value.toUpperCase() }))} error={fieldError(problem, "format")} />
            <TextField label={t("staff.from")} type="date" value={from} onChange={setFrom} optional error={fieldError(problem, "from")} />
            <TextField label={t("staff.to")} type="date" value={to} onChange={setTo} optional error={fieldError(problem, "to")} />
          </div>
          <div class="actions"><Button kind="primary" submit icon="file" busy={underway.value.has("export")}>{t("staff.export_make")}</Button></div>
          <ProblemNote problem={problem} onAgain={problem?.unheard ? () => void make() : undefined} />
        </form>
      </Panel>
      {made === null ? null : <Made key={made} id={made} />}
    </Page>
  );
}
