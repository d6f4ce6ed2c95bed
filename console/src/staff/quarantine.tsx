// SPDX-License-Identifier: Apache-2.0
// After a restore nothing moves until two people have seen that what the channels tell is in the books. What is open stands here;
// statements come in by `ebb quarantine`, the release is proposed by one and confirmed by another.
import { useState } from "preact/hooks";
import { act, Problem, underway } from "../api";
import { dayTime } from "../dates";
import { useList, useLoad } from "../load";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { AreaField, fieldError } from "../parts/field";
import { Money } from "../parts/money";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Badge } from "../parts/status";
import { Table } from "../parts/table";
import { toast } from "../parts/toast";
import { t } from "../words";
import { AccountLink, channelName, Pages, When } from "./bits";
import { can, me } from "./can";
import { codeText } from "./facts";
import type { Quarantine, Stray } from "./model";

function Release({ it, onDone }: { it: Quarantine; onDone: () => void }) {
  const [open, setOpen] = useState(false), [reason, setReason] = useState(""), [problem, setProblem] = useState<Problem | null>(null);
  const mine = it.proposal?.by === me();
  async function release(): Promise<void> {
    setProblem(null);
    try {
      await act("release", "POST", "/v1/quarantine/release", { override: it.proposal?.override ?? false, reason });
      toast(it.proposal ? t("staff.released") : t("staff.proposed"));
      setOpen(false);
      onDone();
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
    }
  }
  if (it.release || !can("resolve")) return null;
  if (mine) return <p class="muted">{t("staff.proposal_mine")}</p>;
  return (
    <div class="actions">
      <Button kind="primary" onPress={() => setOpen(true)}>{it.proposal ? t("staff.release_confirm") : t("staff.release_propose")}</Button>
      {open ? (
        <Dialog title={it.proposal ? t("staff.release_confirm") : t("staff.release_propose")} onClose={() => setOpen(false)} actions={
          <>
            <Button kind="quiet" onPress={() => setOpen(false)}>{t("staff.back")}</Button>
            <Button kind="primary" busy={underway.value.has("release")} onPress={() => void release()}>{it.proposal ? t("staff.confirm") : t("staff.propose")}</Button>
          </>}>
          <AreaField label={t("staff.reason")} value={reason} onChange={setReason} maxLength={500} error={fieldError(problem, "reason")} />
          <ProblemNote problem={problem} />
        </Dialog>
      ) : null}
    </div>
  );
}

function Strays() {
  const list = useList<Stray>("/v1/strays");
  return (
    <Panel title={t("staff.strays")}>
      <Pages list={list} rowKey={(one) => one.id} caption={t("staff.strays")} empty={t("staff.strays_none")} columns={[
        { name: t("staff.key_of"), cell: (one) => <code>{one.key}</code>, head: true },
        { name: t("staff.channel"), cell: (one) => channelName(one.channel) },
        { name: t("staff.account"), cell: (one) => one.account ? <AccountLink account={one.account} /> : one.candidates.map((ref) => <AccountLink key={ref} account={ref} />) },
        { name: t("staff.state"), cell: (one) => codeText("staff.stray", one.status) },
        { name: t("staff.when"), cell: (one) => <When at={one.at} /> },
        { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={one.currency} />, end: true },
      ]} />
    </Panel>
  );
}

function Open({ it, again }: { it: Quarantine; again: () => void }) {
  return (
    <>
      <Panel title={codeText("staff.quarantine_reason", it.reason ?? null)} aside={it.clear ? <Badge tone="good" icon="check">{t("staff.clear")}</Badge> : <Badge tone="warn" icon="alert">{t("staff.not_clear")}</Badge>}>
        <Facts facts={[
          [t("staff.since"), it.since ? dayTime(it.since) : ""], [t("staff.detail"), it.detail],
          [t("staff.gap"), it.gap?.from && it.gap.to ? `${dayTime(it.gap.from)} – ${dayTime(it.gap.to)}` : ""],
          [t("staff.open_attempts"), it.open?.attempts], [t("staff.unasked"), it.open?.unasked], [t("staff.unsent"), it.open?.unsent],
          [t("staff.proposal"), it.proposal ? `${it.proposal.by} · ${dayTime(it.proposal.at)} · ${it.proposal.reason}` : ""],
          [t("staff.release"), it.release ? `${it.release.by} · ${dayTime(it.release.at)} · ${it.release.reason}` : ""],
        ]} />
        <Release it={it} onDone={again} />
      </Panel>
      <Panel title={t("staff.channels")}>
        <Table caption={t("staff.channels")} rows={it.channels ?? []} rowKey={(one) => one.channel} columns={[
          { name: t("staff.channel"), cell: (one) => channelName(one.channel), head: true },
          { name: t("staff.state"), cell: (one) => one.covered ? <Badge tone="good" icon="check">{t("staff.covered")}</Badge> : <Badge tone="warn" icon="alert">{t("staff.uncovered")}</Badge> },
          { name: t("staff.missing"), cell: (one) => one.missing_from && one.missing_to ? `${dayTime(one.missing_from)} – ${dayTime(one.missing_to)}` : "—" },
        ]} />
      </Panel>
    </>
  );
}

export function QuarantinePage() {
  const it = useLoad<Quarantine>("/v1/quarantine", 15_000), data = it.data.value;
  return (
    <Page title={t("staff.quarantine")} lead={t("staff.quarantine_lead")}>
      <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} />
      {data === null ? (it.problem.value ? null : <Loading />) : data.status === "none"
        ? <Note tone="good" icon="check" title={t("staff.quarantine_none")} /> : <Open it={data} again={() => void it.again()} />}
      <Strays />
    </Page>
  );
}

