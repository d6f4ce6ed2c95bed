// SPDX-License-Identifier: Apache-2.0
// Who is told when something happens: endpoints, what was delivered to them and what was not. A secret is shown when it is asked
// for, by nobody but an administrator.
import { useRef, useState } from "preact/hooks";
import { act, put, read, underway } from "../api";
import { useList, useLoad } from "../load";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { fieldError, focusWrong, SelectField, TextField } from "../parts/field";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { Note, ProblemNote } from "../parts/problem";
import { Badge } from "../parts/status";
import { Table } from "../parts/table";
import { toast } from "../parts/toast";
import { filter, go, link, place } from "../route";
import { t, tOf } from "../words";
import { Pages, When } from "./bits";
import { can } from "./can";
import { Asking, besides, Once, useDeed, wrongWith } from "./deed";

interface Webhook {
  id: string;
  url: string;
  events: string[];
  description: string | null;
  state: string;
  reason: string | null;
  failing_since: string | null;
  previous_secret_until: string | null;
  maker: string;
  created_at: string;
}

interface Delivery {
  id: string;
  event: string | null;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  answer: number | null;
  detail: string | null;
  created_at: string;
  last_at: string | null;
  next_at: string | null;
}

function State({ of }: { of: Webhook }) {
  if (of.state !== "enabled") return <Badge tone="bad" icon="cross">{t("staff.webhook_off")}</Badge>;
  return <Badge tone={of.failing_since ? "warn" : "good"} icon={of.failing_since ? "alert" : "check"}>{of.failing_since ? t("staff.webhook_failing") : t("staff.webhook_on")}</Badge>;
}

const told = (one: Webhook) => one.events.join(", ") || t("staff.all");

/** Makes one, or says anew what one is: a PUT replaces it. */
function Form({ of, onClose, onDone }: { of: Webhook | null; onClose: () => void; onDone: (made: Webhook) => void }) {
  const [url, setUrl] = useState(of?.url ?? "https://"), [events, setEvents] = useState(of?.events.join(" ") ?? "");
  const [description, setDescription] = useState(of?.description ?? ""), it = useDeed(), form = useRef<HTMLFormElement>(null);
  async function save(): Promise<void> {
    const body = { url: url.trim(), events: events.split(/[\s,]+/).filter(Boolean), description: description.trim() || null, ...(of === null ? {} : { state: of.state }) };
    const done = await it.run(async () => {
      onDone((await (of === null ? act<Webhook>("webhook:new", "POST", "/v1/webhooks", body) : put<Webhook>("PUT", `/v1/webhooks/${of.id}`, body))).body);
    });
    if (!done) focusWrong(form.current);
  }
  return (
    <Dialog title={of === null ? t("staff.webhook_new") : t("staff.webhook_change")} onClose={onClose} actions={
      <>
        <Button kind="quiet" onPress={onClose}>{t("staff.back")}</Button>
        <Button kind="primary" busy={it.busy} onPress={() => void save()}>{of === null ? t("staff.webhook_make") : t("staff.webhook_save")}</Button>
      </>}>
      <form ref={form} class="stack" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <TextField label="URL" value={url} onChange={setUrl} inputMode="text" error={wrongWith(it.problem, "url", "staff.webhook_url_wrong")} />
        <TextField label={t("staff.events")} value={events} onChange={setEvents} optional hint={t("staff.webhook_events_hint")} error={wrongWith(it.problem, "events", "staff.webhook_events_wrong")} />
        <TextField label={t("staff.detail")} value={description} onChange={setDescription} optional error={fieldError(it.problem, "description")} />
        <ProblemNote problem={besides(it.problem, "url", "events", "description")} onAgain={it.problem?.unheard ? () => void save() : undefined} />
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

function All() {
  const it = useLoad<{ data: Webhook[] }>("/v1/webhooks", 30_000), [adding, setAdding] = useState(false);
  return (
    <Page title={t("staff.webhooks")} lead={t("staff.webhooks_lead")} actions={can("manage") ? <Button icon="send" onPress={() => setAdding(true)}>{t("staff.webhook_new")}</Button> : null}>
      <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} />
      <Panel>
        {it.data.value === null ? (it.problem.value ? null : <Loading />) : (
          <Table caption={t("staff.webhooks")} rows={it.data.value.data} rowKey={(one) => one.id} empty={t("staff.webhooks_none")} columns={[
            { name: "URL", cell: (one) => <a class="mono" href={link(["books", "webhooks", one.id])}>{one.url}</a>, head: true },
            { name: t("staff.events"), cell: told },
            { name: t("staff.state"), cell: (one) => <State of={one} /> },
            { name: t("staff.since"), cell: (one) => <When at={one.failing_since ?? one.created_at} /> },
          ]} />
        )}
      </Panel>
      {adding ? <Form of={null} onClose={() => setAdding(false)} onDone={(made) => go(["books", "webhooks", made.id])} /> : null}
    </Page>
  );
}

const TONES = { waiting: ["work", "clock"], delivered: ["good", "check"], failed: ["bad", "cross"] } as const;

/** What happened between two days, delivered once more. */
function Period({ id, onDone }: { id: string; onDone: () => void }) {
  const [from, setFrom] = useState(""), [to, setTo] = useState(""), [empty, setEmpty] = useState(false), it = useDeed();
  async function again(): Promise<void> {
    setEmpty(true);
    if (!from || !to) return;
    await it.run(async () => {
      const { body } = await act<{ replayed: number }>(`replay:${id}`, "POST", `/v1/webhooks/${id}/replay`, { from: `${from}T00:00:00+08:00`, to: `${to}T00:00:00+08:00` });
      toast(t("staff.replayed_n", { n: body.replayed }));
      onDone();
    });
  }
  const needed = (day: string) => (empty && day === "" ? t("mistake.required") : null);
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); void again(); }}>
      <div class="sieve">
        <TextField label={t("staff.from")} type="date" value={from} onChange={setFrom} required={false} error={needed(from) ?? fieldError(it.problem, "from")} />
        <TextField label={t("staff.to_day")} type="date" value={to} onChange={setTo} required={false} error={needed(to) ?? wrongWith(it.problem, "to", "staff.replay_wrong")} />
      </div>
      <div class="actions"><Button submit small icon="again" busy={it.busy}>{t("staff.replay_period")}</Button></div>
      <ProblemNote problem={besides(it.problem, "from", "to")} onAgain={it.problem?.unheard ? () => void again() : undefined} />
    </form>
  );
}

function Deliveries({ id }: { id: string }) {
  const status = place.value.query.get("status") ?? "", it = useDeed();
  const list = useList<Delivery>(`/v1/webhooks/${id}/deliveries?limit=20${status ? `&status=${status}` : ""}`);
  const again = (one: Delivery) => void it.run(async () => {
    await act(`delivery:${one.id}`, "POST", `/v1/deliveries/${one.id}/replay`);
    toast(t("staff.replayed_n", { n: 1 }));
    await list.again();
  });
  const choices = ["", "waiting", "delivered", "failed"].map((value) => ({ value, label: value === "" ? t("staff.all") : tOf("staff.delivery", value) }));
  return (
    <Panel title={t("staff.deliveries")} aside={<Button small icon="again" busy={list.busy.value} onPress={() => void list.again()}>{t("staff.newest")}</Button>}>
      <div class="stack">
        <form class="sieve" onSubmit={(event) => event.preventDefault()}>
          <SelectField label={t("staff.state")} value={status} choices={choices} onChange={(value) => filter({ status: value })} />
        </form>
        <ProblemNote problem={it.problem} />
        <Pages list={list} rowKey={(one) => one.id} caption={t("staff.deliveries")} empty={t("staff.deliveries_none")} columns={[
          { name: t("staff.when"), cell: (one) => <When at={one.last_at ?? one.created_at} />, head: true },
          { name: t("staff.event"), cell: (one) => <span class="mono">{one.event ?? t("staff.delivery_test")}</span> },
          { name: t("staff.state"), cell: (one) => <Badge tone={TONES[one.state][0]} icon={TONES[one.state][1]}>{tOf("staff.delivery", one.state)}</Badge> },
          { name: t("staff.answer"), cell: (one) => [one.answer ?? "", one.detail ?? "", t("staff.tried_n", { n: one.attempts })].filter(Boolean).join(" · ") },
          { name: t("staff.delivery_next"), cell: (one) => <When at={one.next_at} /> },
          ...(can("manage") ? [{ name: t("staff.replay"), cell: (one: Delivery) => one.state === "waiting" ? "—" : <Button small icon="again" busy={underway.value.has(`delivery:${one.id}`)} onPress={() => again(one)}>{t("staff.replay")}</Button> }] : []),
        ]} />
        {can("manage") ? <Period id={id} onDone={() => void list.again()} /> : null}
      </div>
    </Panel>
  );
}

function Manage({ it, onShow, onDone }: { it: Webhook; onShow: (secret: string) => void; onDone: () => void }) {
  const [changing, setChanging] = useState(false), deed = useDeed(), base = `/v1/webhooks/${it.id}`, name = it.url;
  const show = async () => onShow((await read<{ secret: string }>(`${base}/secret`)).body.secret);
  const state = (to: string) => async () => {
    await put("PUT", base, { url: it.url, events: it.events, description: it.description, state: to });
    onDone();
  };
  const test = () => deed.run(async () => {
    await act(`test:${it.id}`, "POST", `${base}/test`);
    toast(t("staff.webhook_tested"));
    onDone();
  });
  return (
    <>
      <div class="actions">
        <Button onPress={() => setChanging(true)}>{t("staff.webhook_change")}</Button>
        <Button icon="send" busy={deed.busy} onPress={() => void test()}>{t("staff.webhook_test")}</Button>
        <Button onPress={() => void deed.run(show)}>{t("staff.secret_show")}</Button>
        <Asking verb={t("staff.rotate")} title={t("staff.rotate_ask")} about={t("staff.rotate_about")} deed={async () => { await act(`rotate:${it.id}`, "POST", `${base}/rotate`); onDone(); await show(); }} />
        {it.state === "enabled"
          ? <Asking danger verb={t("staff.webhook_disable")} title={t("staff.webhook_disable_ask")} about={t("staff.webhook_disable_about")} deed={state("disabled")} />
          : <Asking verb={t("staff.webhook_enable")} title={t("staff.webhook_enable_ask")} about={t("staff.webhook_enable_about")} deed={state("enabled")} />}
        <Asking danger verb={t("staff.webhook_delete")} title={t("staff.webhook_delete_ask")} about={t("staff.webhook_delete_about")} deed={async () => { await put("DELETE", base); go(["books", "webhooks"]); }} />
      </div>
      <ProblemNote problem={deed.problem} />
      {changing ? <Form of={it} onClose={() => setChanging(false)} onDone={() => { setChanging(false); toast(t("staff.person_changed", { name })); onDone(); }} /> : null}
    </>
  );
}

function One({ id }: { id: string }) {
  const it = useLoad<Webhook>(`/v1/webhooks/${id}`, 30_000), one = it.data.value, [secret, setSecret] = useState<string | null>(null), [news, setNews] = useState(0);
  if (one === null) return <Page title={t("staff.webhooks")}>{it.problem.value ? <ProblemNote problem={it.problem.value} onAgain={() => void it.again()} /> : <Loading />}</Page>;
  return (
    <Page title={one.url} crumb={<a href={link(["books", "webhooks"])}>{t("staff.webhooks")}</a>} lead={one.description ?? undefined}>
      {secret === null ? null : <Once key={secret} title={t("staff.secret_shown")} about={t("staff.secret_about")} values={[["staff.secret", secret]]} onClose={() => setSecret(null)} />}
      <Panel>
        <div class="stack">
          <Facts facts={[
            [t("staff.state"), <State of={one} />], [t("staff.events"), told(one)],
            [t("staff.failing_since"), one.failing_since === null ? "" : <When at={one.failing_since} />],
            [t("staff.secret_before"), one.previous_secret_until === null ? "" : <When at={one.previous_secret_until} />],
            [t("staff.made_by"), one.maker], [t("staff.made_at"), <When at={one.created_at} />],
          ]} />
          {one.state === "enabled" ? null : <Note tone="warn" icon="alert" title={tOf("staff.webhook_reason", one.reason ?? "asked")} />}
          {can("manage") ? <Manage it={one} onShow={setSecret} onDone={() => { void it.again(); setNews(news + 1); }} /> : null}
        </div>
      </Panel>
      <Deliveries key={news} id={id} />
    </Page>
  );
}

export function Webhooks() {
  const id = place.value.path[2];
  return id === undefined ? <All /> : <One key={id} id={id} />;
}
