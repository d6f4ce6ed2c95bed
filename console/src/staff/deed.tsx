// SPDX-License-Identifier: Apache-2.0
// What the manager's screens have in common: something is done once and says what went wrong, what cannot be undone is asked
// about first, and what is shown only once stands there until it was taken down.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { fieldError } from "../parts/field";
import { Note, ProblemNote } from "../parts/problem";
import { t, type Key } from "../words";

/** `run` answers whether it was done. */
export function useDeed() {
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState<Problem | null>(null);
  async function run(deed: () => Promise<void>): Promise<boolean> {
    if (busy) return false;
    setBusy(true);
    setProblem(null);
    try {
      await deed();
      return true;
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      setProblem(fault);
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { busy, problem, run };
}

/** What is wrong with a member, in our words: the server's are English. */
export function wrongWith(problem: Problem | null, member: string, words: Key): string | null {
  return fieldError(problem, member) === null ? null : t(words);
}

/** A problem that stands beside its field need not be said twice. */
export function besides(problem: Problem | null, ...members: string[]): Problem | null {
  return problem?.fields.some((field) => members.some((member) => field.pointer.endsWith("/" + member))) ? null : problem;
}

interface ConfirmProps {
  title: string;
  about: string;
  verb: string;
  danger?: boolean;
  children?: ComponentChildren;
  deed: () => Promise<void>;
  onClose: () => void;
}

export function Confirm({ title, about, verb, danger = false, children, deed, onClose }: ConfirmProps) {
  const it = useDeed();
  const go = () => void it.run(deed).then((done) => { if (done) onClose(); });
  return (
    <Dialog title={title} onClose={onClose} actions={
      <>
        <Button kind="quiet" onPress={onClose}>{t("staff.back")}</Button>
        <Button kind={danger ? "danger" : "primary"} busy={it.busy} onPress={go}>{verb}</Button>
      </>}>
      <p>{about}</p>
      {children}
      <ProblemNote problem={it.problem} onAgain={it.problem?.unheard ? go : undefined} />
    </Dialog>
  );
}

/** A button that asks first. */
export function Asking({ label, ...rest }: Omit<ConfirmProps, "onClose"> & { label?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind={rest.danger ? "danger" : "plain"} onPress={() => setOpen(true)}>{label ?? rest.verb}</Button>
      {open ? <Confirm {...rest} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** Said once, and had by nobody afterwards. It gets the focus, so that it is read. */
export function Once({ title, about, values, children, verb = "staff.once_taken", onClose }: {
  title: string; about: string; values: [name: Key, value: string][]; children?: ComponentChildren; verb?: Key; onClose: () => void;
}) {
  const box = useRef<HTMLDivElement>(null), [copied, setCopied] = useState("");
  useEffect(() => { box.current?.focus(); box.current?.scrollIntoView({ block: "nearest" }); }, []);
  const copy = (value: string) => void navigator.clipboard.writeText(value).then(() => setCopied(value), () => undefined);
  return (
    <div ref={box} tabIndex={-1} class="once" data-once>
      <Note tone="warn" icon="alert" title={title} alert>
        <p>{about}</p>
        {children}
        <dl class="secrets">
          {values.map(([name, value]) => (
            <div key={name}>
              <dt>{t(name)}</dt>
              <dd><code>{value}</code>{"clipboard" in navigator ? <Button small kind="quiet" label={t("staff.copy_of", { what: t(name) })} onPress={() => copy(value)}>{copied === value ? t("staff.copied") : t("staff.copy")}</Button> : null}</dd>
            </div>
          ))}
        </dl>
        <Button small icon="check" onPress={onClose}>{t(verb)}</Button>
      </Note>
    </div>
  );
}

/** Twenty letters and figures that are not taken for one another: a hundred bits. */
export function passwordNew(): string {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const drawn = [...crypto.getRandomValues(new Uint8Array(20))].map((byte) => letters[byte % 32]);
  return [0, 5, 10, 15].map((at) => drawn.slice(at, at + 5).join("")).join("-");
}
