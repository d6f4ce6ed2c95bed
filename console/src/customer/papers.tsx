// SPDX-License-Identifier: Apache-2.0
// Documents that an application needs: chosen, checked, uploaded at once, and named by what the server gave back.
import { useId, useState } from "preact/hooks";
import { act, Problem } from "../api";
import { Icon } from "../parts/icon";
import { problemText } from "../parts/problem";
import { t } from "../words";

export interface Paper {
  id: string;
  name: string;
}

const TYPES = ["application/pdf", "image/png", "image/jpeg"];
const BYTES_MAX = 5_000_000;

async function base64(file: File): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

async function upload(file: File, account: string, withdrawal: string | null): Promise<Paper> {
  const body = { account, ...(withdrawal === null ? {} : { withdrawal }), name: file.name.slice(0, 200), media_type: file.type, content: await base64(file) };
  const answer = await act<{ id: string }>(`document:${file.name}:${file.size}`, "POST", "/v1/documents", body);
  return { id: answer.body.id, name: file.name };
}

function mistakeOf(file: File): string | null {
  if (!TYPES.includes(file.type)) return t("customer.paper_type", { name: file.name });
  return file.size > BYTES_MAX ? t("customer.paper_size", { name: file.name }) : null;
}

interface PapersProps {
  account: string;
  withdrawal?: string | null;
  papers: Paper[];
  error?: string | null;
  onChange: (papers: Paper[]) => void;
}

export function Papers({ account, withdrawal = null, papers, error, onChange }: PapersProps) {
  const id = useId();
  const [busy, setBusy] = useState(false), [mistake, setMistake] = useState<string | null>(null);
  async function take(files: File[]): Promise<void> {
    setBusy(true);
    setMistake(null);
    let all = papers;
    for (const file of files) {
      const wrong = mistakeOf(file);
      try {
        if (wrong === null) onChange((all = [...all, await upload(file, account, withdrawal)]));
        else setMistake(wrong);
      } catch (fault) {
        if (!(fault instanceof Problem)) throw fault;
        setMistake(problemText(fault));
      }
    }
    setBusy(false);
  }
  const told = mistake ?? error;
  return (
    <div class={told ? "field wrong" : "field"}>
      <label for={id}>{t("customer.papers")}</label>
      <label class="drop" for={id}><Icon name="file" /> <span>{busy ? t("customer.paper_busy") : t("customer.paper_choose")}</span></label>
      <input id={id} class="unseen" type="file" multiple accept={TYPES.join(",")} aria-busy={busy} aria-invalid={Boolean(told)}
             aria-describedby={`${id}-hint${told ? ` ${id}-error` : ""}`}
             onChange={(event) => { void take([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ""; }} />
      {told ? <p class="error" id={`${id}-error`}><Icon name="alert" /> <span>{told}</span></p> : null}
      <p class="hint" id={`${id}-hint`}>{t("customer.papers_hint")}</p>
      {papers.length > 0 ? (
        <ul class="attached">
          {papers.map((paper) => (
            <li key={paper.id}>
              <Icon name="check" /> <span>{paper.name}</span>
              <button type="button" class="button quiet small" aria-label={t("customer.paper_remove", { name: paper.name })}
                      onClick={() => onChange(papers.filter((one) => one.id !== paper.id))}><Icon name="cross" /></button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
