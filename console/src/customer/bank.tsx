// SPDX-License-Identifier: Apache-2.0
// Looking for a bank or one of its branches by a few letters; what is chosen brings bank, branch, province and city along. A
// combobox as the ARIA practices describe it: arrows move, Enter takes, Escape closes; one may also type freely.
import { useEffect, useId, useState } from "preact/hooks";
import { read } from "../api";
import { Field } from "../parts/field";
import { Icon } from "../parts/icon";
import { language, t } from "../words";

export interface Bank {
  code: string;
  name: string;
  name_zh: string;
  branch: string | null;
  province: string | null;
  city: string | null;
}

function useFound(query: string): Bank[] {
  const [found, setFound] = useState<Bank[]>([]);
  useEffect(() => {
    const asked = query.trim();
    if (asked === "") {
      setFound([]);
      return;
    }
    let late = false;
    const timer = setTimeout(() => {
      void read<{ data: Bank[] }>(`/v1/banks?limit=8&query=${encodeURIComponent(asked)}`)
        .then(({ body }) => { if (!late) setFound(body.data); })
        .catch(() => undefined);
    }, 150);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [query]);
  return found;
}

export function bankName(bank: Pick<Bank, "name" | "name_zh">): string {
  return language.value === "zh" ? bank.name_zh : bank.name;
}

interface BankSearchProps {
  error?: string | null;
  onChoose: (bank: Bank) => void;
}

export function BankSearch({ error, onChoose }: BankSearchProps) {
  const id = useId();
  const [query, setQuery] = useState(""), [at, setAt] = useState(0), [open, setOpen] = useState(false);
  const found = useFound(query), shown = open && found.length > 0;
  function take(bank: Bank | undefined): void {
    if (bank === undefined) return;
    onChoose(bank);
    setOpen(false);
    setQuery("");
  }
  function key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step > 0 && !shown && found.length > 0) setOpen(true);
    else if (step !== 0 && shown) setAt((at + step + found.length) % found.length);
    else if (event.key === "Enter" && shown) take(found[at]);
    else if (event.key === "Escape" && shown) setOpen(false);
    else return;
    event.preventDefault();
  }
  return (
    <div class="combo">
      <Field label={t("customer.bank_search")} error={error} hint={t("customer.bank_search_hint")}>
        {(tied) => (
          <span class="input">
            <span class="prefix"><Icon name="search" /></span>
            <input {...tied} type="text" role="combobox" aria-expanded={shown} aria-controls={`${id}-list`} aria-autocomplete="list"
                   aria-activedescendant={shown ? `${id}-${at}` : undefined} autocomplete="off" value={query} spellcheck={false}
                   onInput={(event) => { setQuery(event.currentTarget.value); setAt(0); setOpen(true); }}
                   onKeyDown={key} onBlur={() => setOpen(false)} />
          </span>
        )}
      </Field>
      <ul id={`${id}-list`} role="listbox" aria-label={t("customer.bank_search")} hidden={!shown}>
        {shown ? found.map((bank, index) => (
          <li key={bank.code + (bank.branch ?? "")} id={`${id}-${index}`} role="option" aria-selected={index === at}
              onMouseDown={(event) => { event.preventDefault(); take(bank); }}>
            <span>{bank.branch ?? bankName(bank)}</span>
            <small class="muted">{[bankName(bank), bank.province, bank.city].filter(Boolean).join(" · ")}</small>
          </li>
        )) : null}
      </ul>
    </div>
  );
}
