// SPDX-License-Identifier: Apache-2.0
// Money is an integer of minor units. Nothing here divides: decimals are made and read as text, digit by digit.
import { locale } from "./words";

const digitsOf = new Map<string, number>();

/** Decimals of a currency: 2 for CNY, 0 for JPY. */
export function digits(currency: string): number {
  let known = digitsOf.get(currency);
  if (known === undefined) {
    known = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    digitsOf.set(currency, known);
  }
  return known;
}

/** 123456 CNY → "1234.56" */
export function decimal(minor: number, currency: string): `${number}` {
  const places = digits(currency);
  const text = String(Math.abs(minor)).padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places);
  return `${minor < 0 ? "-" : ""}${whole}${places > 0 ? "." + text.slice(-places) : ""}` as `${number}`;
}

/** "¥1,234.56"; with `sign` a gain shows its plus. */
export function money(minor: number, currency: string, sign = false): string {
  const format = new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    signDisplay: sign ? "exceptZero" : "auto",
  });
  return format.format(decimal(minor, currency)).replace("-", "−");
}

export type AmountMistake = "empty" | "not_a_number" | "too_precise" | "too_large" | "zero";

/** What a person typed, "1,234.5" or "￥1234.50", as minor units; or what is wrong with it. */
export function parseAmount(typed: string, currency: string): number | AmountMistake {
  const places = digits(currency);
  const text = typed.normalize("NFKC").replace(/[\s,¥$€£]/g, "").replace("。", ".");
  const parts = /^(\d*)(?:\.(\d*))?$/.exec(text);
  if (text === "") return "empty";
  if (parts === null || (parts[1] === "" && (parts[2] ?? "") === "")) return "not_a_number";
  const fraction = (parts[2] ?? "").replace(/0+$/, "");
  if (fraction.length > places) return "too_precise";
  const minor = (parts[1] + fraction.padEnd(places, "0")).replace(/^0+(?=\d)/, "");
  if (minor.length > 14 || Number(minor) > 10_000_000_000_000) return "too_large";
  return Number(minor) === 0 ? "zero" : Number(minor);
}
