// SPDX-License-Identifier: Apache-2.0
// Two pictures: what each day brought, and how fast money arrived. Figures stand in the tables behind them; heights are per mille
// of the largest, rounded for the eye.
import { useEffect, useRef } from "preact/hooks";
import { money } from "../money";
import { locale, t, tOf } from "../words";
import { channelName, span } from "./bits";
import type { Counted, Summary } from "./model";

/** Statuses fall into what became of the money. */
const BANDS = [
  { name: "paid", of: ["successful", "partly_successful"] },
  { name: "open", of: ["awaiting_code", "in_review", "need_documents", "approved", "dispatching"] },
  { name: "stopped", of: ["rejected", "cancelled", "expired"] },
  { name: "failed", of: ["failed", "returned"] },
] as const;

export interface Day {
  day: string;
  bands: number[];
  counts: number[];
}

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from.slice(0, 10)); at <= Date.parse(to.slice(0, 10)); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

export function daysOf(summary: Summary, currency: string): Day[] {
  const days = daysBetween(summary.from, summary.to).map((day): Day => ({ day, bands: [0, 0, 0, 0], counts: [0, 0, 0, 0] }));
  for (const row of summary.withdrawals) {
    const day = days.find((one) => one.day === row.day);
    const band = BANDS.findIndex((one) => (one.of as readonly string[]).includes(row.status ?? ""));
    if (day === undefined || band < 0 || row.currency !== currency) continue;
    day.bands[band]! += row.amount ?? 0;
    day.counts[band]! += row.count;
  }
  return days;
}

export function dayName(day: string): string {
  return new Intl.DateTimeFormat(locale(), { month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(day));
}

const HIGH = 180, LEFT = 0, STEP = 30;

function Bars({ day, index, reach }: { day: Day; index: number; reach: number }) {
  let level = HIGH;
  return (
    <g>
      {day.bands.map((sum, band) => {
        const high = sum === 0 ? 0 : Math.max(2, Math.round((sum * (HIGH - 10)) / reach));
        level -= high;
        return high === 0 ? null : <rect key={band} class={`band-${BANDS[band]!.name}`} x={LEFT + index * STEP + 4} y={level} width={STEP - 8} height={high} rx="2" />;
      })}
    </g>
  );
}

export function Flow({ days, currency }: { days: Day[]; currency: string }) {
  const reach = Math.max(1, ...days.map((day) => day.bands.reduce((sum, one) => sum + one, 0)));
  const wide = LEFT + days.length * STEP, frame = useRef<HTMLDivElement>(null);
  useEffect(() => { if (frame.current) frame.current.scrollLeft = frame.current.scrollWidth; }, []); // today is what one looks for
  return (
    <>
      <div ref={frame} class="chart" role="region" aria-label={t("staff.flow")} tabIndex={0}>
        <svg viewBox={`0 0 ${wide} ${HIGH + 22}`} role="img" aria-label={t("staff.flow_label", { n: days.length, most: money(reach, currency) })}>
          {[0.25, 0.5, 0.75, 1].map((part) => <line key={part} class="grid" x1="0" x2={wide} y1={HIGH - part * (HIGH - 10)} y2={HIGH - part * (HIGH - 10)} />)}
          {days.map((day, index) => <Bars key={day.day} day={day} index={index} reach={reach} />)}
          <line class="axis" x1="0" x2={wide} y1={HIGH} y2={HIGH} />
          {days.map((day, index) => index % 7 === (days.length - 1) % 7
            ? <text key={day.day} x={LEFT + index * STEP + STEP / 2} y={HIGH + 16} text-anchor={index === days.length - 1 ? "end" : "middle"}>{dayName(day.day)}</text> : null)}
        </svg>
      </div>
      <ul class="legend">
        {BANDS.map((band) => <li key={band.name}><i class={`band-${band.name}`} aria-hidden="true" />{tOf("staff.band", band.name)}</li>)}
        <li class="muted">{t("staff.flow_most", { most: money(reach, currency) })}</li>
      </ul>
    </>
  );
}

export function FlowTable({ days, currency }: { days: Day[]; currency: string }) {
  const full = days.filter((day) => day.counts.some((count) => count > 0)).reverse();
  return (
    <div class="table">
      <table>
        <caption class="unseen">{t("staff.flow")}</caption>
        <thead><tr><th scope="col">{t("staff.day")}</th>{BANDS.map((band) => <th key={band.name} scope="col" class="end">{tOf("staff.band", band.name)}</th>)}</tr></thead>
        <tbody>
          {full.map((day) => (
            <tr key={day.day}>
              <th scope="row">{dayName(day.day)}</th>
              {day.bands.map((sum, band) => (
                <td key={band} class="end money" data-name={tOf("staff.band", BANDS[band]!.name)}>{day.counts[band] === 0 ? "–" : `${money(sum, currency)} (${day.counts[band]})`}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From the median to the ninth of ten. */
export function Arrival({ rows }: { rows: Counted[] }) {
  const reach = Math.max(1, ...rows.map((row) => row.p90_seconds ?? 0));
  return (
    <ul class="arrival">
      {rows.map((row) => {
        const half = Math.round(((row.p50_seconds ?? 0) * 1000) / reach), most = Math.round(((row.p90_seconds ?? 0) * 1000) / reach);
        return (
          <li key={row.channel}>
            <span>{channelName(row.channel)}</span>
            <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <rect class="rail" width="1000" height="16" />
              <rect class="most" width={Math.max(8, most)} height="16" />
              <rect class="half" width={Math.max(8, half)} height="16" />
            </svg>
            <span class="money fine">{span(row.p50_seconds ?? 0)} · {span(row.p90_seconds ?? 0)}</span>
          </li>
        );
      })}
    </ul>
  );
}
