// SPDX-License-Identifier: Apache-2.0
// What a screen shows, read from the API and read again: when asked, when the window comes back, and every `everyMs` while the
// page is visible; and in the other language, since the operator's own words come from there. What was shown stays while a newer answer is on its way, and when none comes.
import { useEffect, useMemo } from "preact/hooks";
import { signal, type Signal } from "@preact/signals";
import { Problem, read, type Answer } from "./api";
import { language } from "./words";

/** What could not be read changed nothing: other words than for what was asked for. */
function unread(problem: Problem): Problem {
  return problem.unheard ? new Problem(problem.status, { ...problem.body, code: "unread" }) : problem;
}

export interface Loaded<T> {
  data: Signal<T | null>;
  etag: Signal<string | null>;
  problem: Signal<Problem | null>;
  busy: Signal<boolean>;
  again(): Promise<void>;
}

function loader<T>(path: string | null): Loaded<T> & { stop(): void } {
  const data = signal<T | null>(null), etag = signal<string | null>(null);
  const problem = signal<Problem | null>(null), busy = signal(false);
  let stopped = false, underway: Promise<void> | null = null;

  async function once(): Promise<void> {
    busy.value = true;
    try {
      const answer: Answer<T> = await read<T>(path!);
      if (stopped) return;
      data.value = answer.body;
      etag.value = answer.etag;
      problem.value = null;
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (!stopped) problem.value = unread(fault);
    } finally {
      busy.value = false;
      underway = null;
    }
  }
  return {
    data, etag, problem, busy,
    again: () => (path === null ? Promise.resolve() : (underway ??= once())),
    stop: () => { stopped = true; },
  };
}

/** `path` null: nothing to read yet. */
export function useLoad<T>(path: string | null, everyMs = 0): Loaded<T> {
  const it = useMemo(() => loader<T>(path), [path]);
  useEffect(() => {
    const look = () => { if (document.visibilityState === "visible") void it.again(); };
    addEventListener("focus", look);
    return () => {
      removeEventListener("focus", look);
      it.stop();
    };
  }, [it]);
  useEffect(() => { void it.again(); }, [it, language.value]);
  useEffect(() => {
    if (everyMs <= 0) return;
    const timer = setInterval(() => { if (document.visibilityState === "visible") void it.again(); }, everyMs);
    return () => clearInterval(timer);
  }, [it, everyMs]);
  return it;
}

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Listed<T> {
  rows: Signal<T[] | null>;
  problem: Signal<Problem | null>;
  busy: Signal<boolean>;
  more: Signal<boolean>;
  next(): Promise<void>;
  again(): Promise<void>;
}

function lister<T>(path: string): Listed<T> & { stop(): void } {
  const rows = signal<T[] | null>(null), problem = signal<Problem | null>(null);
  const busy = signal(false), more = signal(false);
  let cursor: string | null = null, stopped = false;

  async function page(from: string | null): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    try {
      const at = from === null ? path : `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(from)}`;
      const { body } = await read<Page<T>>(at);
      if (stopped) return;
      rows.value = from === null ? body.data : [...(rows.value ?? []), ...body.data];
      cursor = body.next_cursor;
      more.value = cursor !== null;
      problem.value = null;
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (!stopped) problem.value = unread(fault);
    } finally {
      busy.value = false;
    }
  }
  return { rows, problem, busy, more, next: () => page(cursor), again: () => page(null), stop: () => { stopped = true; } };
}

/** A list, page by page: `next` adds the following one. */
export function useList<T>(path: string): Listed<T> {
  const it = useMemo(() => lister<T>(path), [path]);
  useEffect(() => () => it.stop(), [it]);
  useEffect(() => { void it.again(); }, [it, language.value]);
  return it;
}
