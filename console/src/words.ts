// SPDX-License-Identifier: Apache-2.0
// Words of the console in English and Chinese. All of them stand in words.json, a key a line: [English, 中文]. A face's own
// begin with its name ("customer.", "staff.") and travel with its code. Keys are checked by the compiler; a test finds those
// that nobody uses. Which language it is stands in localStorage; at first the browser's.
import { signal } from "@preact/signals";
import common from "words:common";
import { kept } from "./kept";
import type all from "./words.json";

export type Key = keyof typeof all;
export type Language = "en" | "zh";
type Fill = Record<string, string | number>;

const table: Record<string, [string, string]> = { ...common };
const first: Language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const before = kept("language");

export const language = signal<Language>(before === "en" || before === "zh" ? before : first);

/** A face brings its words before it is shown. */
export function addWords(more: Record<string, [string, string]>): void {
  Object.assign(table, more);
}

export function setLanguage(to: Language): void {
  kept("language", to);
  language.value = to;
}

/** BCP 47, for Intl and for the document. */
export function locale(): string {
  return language.value === "zh" ? "zh-CN" : "en-GB";
}

function filled(text: string, fill?: Fill): string {
  return fill === undefined ? text : text.replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ""));
}

/** The words of a key: t("topups.until", {when}). */
export function t(key: Key, fill?: Fill): string {
  const found = table[key];
  return found === undefined ? key : filled(found[language.value === "zh" ? 1 : 0], fill);
}

/** The words of a code of the API: tOf("status", "in_review"). A code that this console does not know is shown as it is. */
export function tOf(family: string, code: string, fill?: Fill): string {
  const found = table[`${family}.${code}`];
  return found === undefined ? code.replaceAll("_", " ") : filled(found[language.value === "zh" ? 1 : 0], fill);
}

export function hasWords(family: string, code: string): boolean {
  return `${family}.${code}` in table;
}
