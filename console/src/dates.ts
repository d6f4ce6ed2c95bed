// SPDX-License-Identifier: Apache-2.0
// Moments as people read them, in the browser's zone; and how far away they are.
import { signal } from "@preact/signals";
import { locale, t } from "./words";

/** The server's clock minus ours, from its Date headers: a countdown must not depend on the customer's clock. */
export const clockSkewMs = signal(0);
/** Ticks twice a minute, so that what counts down does. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now() + clockSkewMs.value), 30_000);

export function noteServerTime(date: Date): void {
  const skew = date.getTime() - Date.now();
  if (Math.abs(skew - clockSkewMs.value) < 2000) return;
  clockSkewMs.value = skew;
  now.value = Date.now() + skew;
}

export function day(moment: string): string {
  return new Intl.DateTimeFormat(locale(), { year: "numeric", month: "short", day: "numeric" }).format(new Date(moment));
}

export function dayTime(moment: string): string {
  return new Intl.DateTimeFormat(locale(), {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(new Date(moment));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

/** "in 5 hours", "3 days ago", never rounded up: a deadline is not later than it is. */
export function away(moment: string): string {
  const distance = new Date(moment).getTime() - now.value;
  for (const [unit, size] of STEPS) {
    const count = Math.trunc(distance / size);
    if (count !== 0) return new Intl.RelativeTimeFormat(locale(), { numeric: "always" }).format(count, unit);
  }
  return t("time.now");
}

/** "41 days", "5 h 20 min": what is left until a moment; null when it is over. */
export function left(moment: string): string | null {
  const minutes = Math.floor((new Date(moment).getTime() - now.value) / 60_000);
  if (minutes < 0) return null;
  if (minutes >= 2 * 1440) return t("time.days", { n: Math.floor(minutes / 1440) });
  return minutes >= 60
    ? t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 })
    : t("time.minutes", { n: minutes });
}
