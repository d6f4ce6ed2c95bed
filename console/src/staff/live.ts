// SPDX-License-Identifier: Apache-2.0
// What is shown follows what happens: the server says that something changed, and what is on the screen is read again. The news
// is only a hint, so that one which is lost costs a little time and no truth.
import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { session } from "../session";

/** Counts what was heard, in rounds of half a second. */
export const news = signal(0);
/** Whether the server is heard. */
export const hearing = signal(false);

const ROUND_MS = 500, AGAIN_MS = 5_000;
let users = 0, source: EventSource | null = null, round: ReturnType<typeof setTimeout> | null = null;

function heard(): void {
  round ??= setTimeout(() => {
    round = null;
    news.value++;
  }, ROUND_MS);
}

function listen(): void {
  if (source !== null || users === 0 || !session.value) return;
  source = new EventSource("/v1/events/stream");
  source.onopen = () => (hearing.value = true);
  source.onmessage = heard;
  source.onerror = () => {
    hearing.value = false;
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    setTimeout(listen, AGAIN_MS);
  };
}

function silence(): void {
  if (users > 0) return;
  source?.close();
  source = null;
  hearing.value = false;
}

/** Reads again when something happened; the stream is open while somebody wants it. */
export function useNews(again: () => unknown): void {
  useEffect(() => {
    users++;
    listen();
    return () => {
      users--;
      setTimeout(silence, ROUND_MS);
    };
  }, []);
  const count = news.value;
  useEffect(() => {
    if (count > 0) void again();
  }, [count]);
}
