// SPDX-License-Identifier: Apache-2.0
// A field is a label, an input, a hint, and beside it whatever is wrong. The error is tied to the input for those who do not see
// it, and the first wrong field of a form gets the focus.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Problem } from "../api";
import { hasWords, t, tOf } from "../words";
import { Icon } from "./icon";

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | null | undefined;
  optional?: boolean;
}

interface Tied {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

/** The frame around an input: `children` gets what ties it to its label, hint and error. */
export function Field(props: FieldProps & { children: (tied: Tied) => ComponentChildren }) {
  const id = useId();
  const about = [props.error ? `${id}-error` : "", props.hint ? `${id}-hint` : ""].filter(Boolean).join(" ");
  return (
    <div class={props.error ? "field wrong" : "field"}>
      <label for={id}>
        {props.label}
        {props.optional ? <span class="muted"> {t("field.optional")}</span> : null}
      </label>
      {props.children({ id, "aria-invalid": Boolean(props.error), "aria-describedby": about || undefined })}
      {props.error ? <p class="error" id={`${id}-error`}><Icon name="alert" /> <span>{props.error}</span></p> : null}
      {props.hint ? <p class="hint" id={`${id}-hint`}>{props.hint}</p> : null}
    </div>
  );
}

interface TextProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "password" | "search" | "date" | "tel";
  inputMode?: "text" | "numeric" | "decimal" | "tel" | "search";
  autocomplete?: string;
  maxLength?: number;
  placeholder?: string;
  prefix?: string;
  name?: string;
  large?: boolean;
  /** False: may stay empty without saying so. */
  required?: boolean;
  readOnly?: boolean;
}

export function TextField(props: TextProps) {
  return (
    <Field {...props}>
      {(tied) => (
        <span class={props.large ? "input large" : "input"}>
          {props.prefix ? <span class="prefix" aria-hidden="true">{props.prefix}</span> : null}
          <input {...tied} {...({ type: props.type ?? "text" } as { type: "text" })} value={props.value} name={props.name} inputMode={props.inputMode}
                 autocomplete={props.autocomplete ?? "off"} maxLength={props.maxLength} placeholder={props.placeholder}
                 readOnly={props.readOnly} required={props.required ?? props.optional !== true} spellcheck={false}
                 onInput={(event) => props.onChange(event.currentTarget.value)} />
        </span>
      )}
    </Field>
  );
}

export function AreaField(props: FieldProps & { value: string; onChange: (value: string) => void; maxLength?: number }) {
  return (
    <Field {...props}>
      {(tied) => <textarea {...tied} rows={3} value={props.value} maxLength={props.maxLength}
                           onInput={(event) => props.onChange(event.currentTarget.value)} />}
    </Field>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function SelectField(props: FieldProps & { value: string; choices: Choice[]; onChange: (value: string) => void }) {
  return (
    <Field {...props}>
      {(tied) => (
        <span class="select">
          <select {...tied} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
            {props.choices.map((c) => <option key={c.value} value={c.value}>{c.label}</option>)}
          </select>
          <Icon name="down" />
        </span>
      )}
    </Field>
  );
}

export interface RadioChoice extends Choice {
  about?: ComponentChildren;
  aside?: ComponentChildren;
  disabled?: boolean;
}

/** One of a few, each with a line about it. */
export function RadioField(props: FieldProps & { name: string; value: string; choices: RadioChoice[]; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <fieldset class={props.error ? "radios wrong" : "radios"} aria-describedby={props.error ? `${id}-error` : undefined}>
      <legend>{props.label}</legend>
      {props.choices.map((choice) => (
        <label key={choice.value} class={choice.disabled ? "radio off" : "radio"}>
          <input type="radio" name={props.name} value={choice.value} checked={props.value === choice.value}
                 disabled={choice.disabled} onChange={() => props.onChange(choice.value)} />
          <span class="words"><b>{choice.label}</b>{choice.about ? <small>{choice.about}</small> : null}</span>
          {choice.aside ? <span class="aside">{choice.aside}</span> : null}
        </label>
      ))}
      {props.error ? <p class="error" id={`${id}-error`}><Icon name="alert" /> <span>{props.error}</span></p> : null}
      {props.hint ? <p class="hint">{props.hint}</p> : null}
    </fieldset>
  );
}

/** What a Problem says about one member: its pointer is "#/destination/name" or "/destination/name". */
export function fieldError(problem: Problem | null, member: string): string | null {
  const found = problem?.fields.find((f) => f.pointer.replace(/^#/, "").replace(/^\//, "") === member);
  if (found === undefined) return null;
  if (hasWords("mistake", found.code)) return tOf("mistake", found.code);
  return found.detail ?? tOf("mistake", found.code);
}

/** After a refused submit: to the first wrong field. */
export function focusWrong(form: HTMLElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid=true], .wrong input")?.focus());
}
