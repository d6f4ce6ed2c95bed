// SPDX-License-Identifier: Apache-2.0
// Talks to the API. What a person wants done once is an *intent*: its Idempotency-Key and its bytes are written down in this
// tab before they are sent, and stay until an answer is known. So a double click, a lost connection, a 503, a reload and a
// session that ended all end in the same request being asked again, with the same key, and nothing is done twice.
import { signal } from "@preact/signals";
import { keptHere } from "./kept";
import { locale } from "./words";

export interface FieldProblem {
  pointer: string;
  code: string;
  detail?: string | null;
}

/** RFC 9457, as the API tells it; `body` has the arithmetic of a refusal. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly rule: string | null;
  readonly fields: FieldProblem[];
  readonly requestId: string | null;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    super(String(body.title ?? status));
    this.status = status;
    this.code = String(body.code ?? "unheard");
    this.detail = String(body.detail ?? "");
    this.rule = typeof body.rule === "string" ? body.rule : null;
    this.fields = Array.isArray(body.errors) ? (body.errors as FieldProblem[]) : [];
    this.requestId = typeof body.request_id === "string" ? body.request_id : null;
    this.body = body;
  }

  /** We do not know what became of it. */
  get unheard(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 429;
  }

  /** Somebody changed it meanwhile: read it again. */
  get stale(): boolean {
    return this.status === 412 || this.status === 428;
  }

  number(name: string): number | null {
    const value = this.body[name];
    return typeof value === "number" ? value : null;
  }
}

export interface Answer<T> {
  status: number;
  body: T;
  etag: string | null;
  replayed: boolean;
  /** The answer belongs to an earlier request of the same intent, whose answer had been lost. */
  earlier: boolean;
}

/** How a session joins a request, and how it is had back when it ended. Set by session.ts. */
export interface Door {
  headers(unsafe: boolean): Record<string, string>;
  renew(): Promise<void>;
}
let door: Door = { headers: () => ({}), renew: () => Promise.reject(new Problem(401, { code: "unauthorized" })) };
export function setDoor(to: Door): void {
  door = to;
}

/** False while the last attempt to reach the server failed. */
export const reachable = signal(true);
/** Intents on their way, by name: for what must not be clicked twice. */
export const underway = signal<ReadonlySet<string>>(new Set());

// What is to be done is asked for longer than what is only to be shown.
const PATIENCE_MS = [500, 1000, 2000, 4000];
const PATIENCE_READING_MS = [400, 1200];
const ANSWER_MS = 20_000;

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Asked {
  method: string;
  path: string;
  body?: string | undefined;
  headers?: Record<string, string> | undefined;
}

async function once(asked: Asked): Promise<{ response: Response; body: unknown }> {
  const unsafe = asked.method !== "GET";
  const response = await fetch(asked.path, {
    method: asked.method,
    body: asked.body ?? null,
    cache: "no-store",
    credentials: "same-origin",
    signal: AbortSignal.timeout(ANSWER_MS),
    headers: {
      "Accept-Language": locale(),
      ...(asked.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...door.headers(unsafe),
      ...asked.headers,
    },
  });
  const text = await response.text();
  const json = (response.headers.get("Content-Type") ?? "").includes("json") && text !== "";
  return { response, body: json ? JSON.parse(text) : text };
}

/** One try: an answer, a Problem that was told, or a Problem of status 0 when nothing was heard. */
async function attempt<T>(asked: Asked): Promise<Answer<T>> {
  let heard;
  try {
    heard = await once(asked);
  } catch {
    reachable.value = false;
    throw new Problem(0, { code: "unheard" });
  }
  reachable.value = true;
  const { response, body } = heard;
  if (!response.ok) {
    const told = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    throw new Problem(response.status, { code: "unavailable", ...told });
  }
  return {
    status: response.status,
    body: body as T,
    etag: response.headers.get("ETag"),
    replayed: response.headers.get("Idempotent-Replayed") === "true",
    earlier: false,
  };
}

/** Tries until something is known, patiently but not for ever; a session that ended is had back and the same asked again. */
async function insist<T>(asked: Asked, patience = PATIENCE_MS): Promise<Answer<T>> {
  for (let tried = 0; ; ) {
    try {
      return await attempt<T>(asked);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) {
        await door.renew();
        continue;
      }
      const pause = patience[tried++];
      if (!problem.unheard || pause === undefined) throw problem;
      await wait(pause);
    }
  }
}

/** Reads; safe to repeat. */
export function read<T>(path: string): Promise<Answer<T>> {
  return insist<T>({ method: "GET", path }, PATIENCE_READING_MS);
}

/** Asks what would be, and changes nothing: dry runs. */
export function preview<T>(path: string, body: unknown): Promise<Answer<T>> {
  return insist<T>({ method: "POST", path, body: JSON.stringify(body) }, PATIENCE_READING_MS);
}

/** Says how something is to be, which may be said twice. Nothing of it is written down in this tab: for passwords and secrets. */
export function put<T>(method: "PUT" | "DELETE" | "POST", path: string, body?: unknown): Promise<Answer<T>> {
  return insist<T>({ method, path, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** Asks once, with the person's own password in it: what is refused as unauthorized is that password, not the session. */
export function prove<T>(method: "PUT", path: string, body: unknown): Promise<Answer<T>> {
  return attempt<T>({ method, path, body: JSON.stringify(body) });
}

interface Intent extends Asked {
  key: string;
}

function intentOf(name: string): Intent | null {
  const text = keptHere(`intent.${name}`);
  return text === null ? null : (JSON.parse(text) as Intent);
}

function sameRequest(a: Asked, b: Asked): boolean {
  return a.method === b.method && a.path === b.path && a.body === b.body;
}

async function settle<T>(name: string, intent: Intent): Promise<Answer<T>> {
  try {
    const answer = await insist<T>({ ...intent, headers: { ...intent.headers, "Idempotency-Key": intent.key } });
    keptHere(`intent.${name}`, null);
    return answer;
  } catch (problem) {
    const known = problem instanceof Problem && !problem.unheard && problem.status !== 401;
    if (known) keptHere(`intent.${name}`, null);
    throw problem;
  }
}

async function carryOut<T>(name: string, asked: Asked): Promise<Answer<T>> {
  const before = intentOf(name);
  if (before !== null && !sameRequest(before, asked)) {
    try {
      return { ...(await settle<T>(name, before)), earlier: true };
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.unheard) throw problem;
    }
  }
  const again = before !== null && sameRequest(before, asked);
  const intent: Intent = again ? before : { ...asked, key: crypto.randomUUID() };
  keptHere(`intent.${name}`, JSON.stringify(intent));
  return settle<T>(name, intent);
}

const running = new Map<string, Promise<Answer<unknown>>>();

function underwayIs(name: string, on: boolean): void {
  const next = new Set(underway.value);
  if (on) next.add(name);
  else next.delete(name);
  underway.value = next;
}

/** Does something once. `name` says which intent it is ("withdraw:alice", "code:wd_…"): while one of that name is on its way,
 * another call joins it. If an earlier one of that name was never answered, that one is asked about first; when it turns out to
 * have been done, its answer is the answer (`earlier`). */
export function act<T>(name: string, method: "POST" | "PUT" | "DELETE", path: string, body?: unknown,
                       ifMatch?: string | null): Promise<Answer<T>> {
  const before = running.get(name);
  if (before !== undefined) return before as Promise<Answer<T>>;
  const asked: Asked = { method, path, body: JSON.stringify(body ?? {}), headers: ifMatch ? { "If-Match": ifMatch } : {} };
  const promise = carryOut<T>(name, asked).finally(() => {
    running.delete(name);
    underwayIs(name, false);
  });
  running.set(name, promise as Promise<Answer<unknown>>);
  underwayIs(name, true);
  return promise;
}

/** What was asked under this name and not answered, after a reload for example; null when nothing is. */
export function unanswered(name: string): { path: string; body: unknown } | null {
  const intent = intentOf(name);
  return intent === null ? null : { path: intent.path, body: intent.body === undefined ? null : JSON.parse(intent.body) };
}

/** Asks again about what was not answered. */
export function askAgain<T>(name: string): Promise<Answer<T>> | null {
  const intent = intentOf(name);
  return intent === null ? null : act<T>(name, intent.method as "POST", intent.path, JSON.parse(intent.body ?? "{}"),
                                         intent.headers?.["If-Match"] ?? null);
}
