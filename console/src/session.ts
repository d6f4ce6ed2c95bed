// SPDX-License-Identifier: Apache-2.0
// Who is signed in. The session is a cookie that no script sees; screens know this interface and no token. A session that ends in
// the middle of something does not throw the person out: `ended` asks to sign in again, on top of what was being done, and the
// request that met it goes on.
import { signal } from "@preact/signals";
import { Problem, setDoor } from "./api";
import { kept } from "./kept";
import { place, replace } from "./route";

export interface Session {
  principal: string;
  kind: "customer" | "staff";
  account: string | null;
  roles: string[];
  idle_at: string;
  expires_at: string;
}

export type Credentials = { token: string } | { user: string; password: string; otp: string | null };

/** undefined: not known yet; null: nobody. */
export const session = signal<Session | null | undefined>(undefined);
/** The session that ended while it was needed; the sign-in dialog stands while this is set. */
export const ended = signal<Session | null>(null);
/** Whether the server offers the demo's people. */
export const demo = document.querySelector('meta[name="ebb-demo"]') !== null;

// The header proves that our own page asks: no other origin can add it.
const HEADERS = { "Ebb-Session": "1" };
// A browser has one session; its tabs tell each other when it becomes another's.
const tabs = new BroadcastChannel("ebb.session");
let waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

const nobody = () => new Problem(401, { code: "unauthorized" });

function renew(): Promise<void> {
  ended.value = session.value ?? ended.value;
  return ended.value === null
    ? Promise.reject(nobody())
    : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
}

setDoor({ headers: (unsafe) => (unsafe ? HEADERS : {}), renew });

async function ask(method: string, body?: Credentials): Promise<Session> {
  let response: Response, told: Record<string, unknown>;
  try {
    response = await fetch("/v1/session", {
      method,
      cache: "no-store",
      headers: body === undefined ? HEADERS : { ...HEADERS, "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    told = (await response.json()) as Record<string, unknown>;
  } catch {
    throw new Problem(0, { code: "unheard" });
  }
  if (!response.ok) throw new Problem(response.status, told);
  return told as unknown as Session;
}

/** The operator's own site sends its customer to "#/enter?token=…": the token leaves the address before anything else happens. */
async function enterByLink(): Promise<boolean> {
  const token = place.value.path[0] === "enter" ? place.value.query.get("token") : null;
  if (token === null) return false;
  replace([]);
  return signIn({ token }).then(() => true, () => false);
}

/** Called once, at the start. A browser that never signed in is not asked for a cookie. */
export async function resume(): Promise<void> {
  if (await enterByLink()) return;
  session.value = kept("signed_in") === null ? null : await ask("GET").catch(() => null);
}

/** Throws a Problem when refused. Somebody else than the one whose session ended gets a clean start: what was begun is not his. */
export async function signIn(credentials: Credentials): Promise<void> {
  const before = ended.value;
  const now = await ask("POST", credentials);
  kept("signed_in", "yes");
  tabs.postMessage(now.principal);
  if (before !== null && before.principal !== now.principal) {
    forget();
    location.reload();
    return;
  }
  session.value = now;
  ended.value = null;
  for (const one of waiting) one.resolve();
  waiting = [];
}

/** What this tab had begun is nobody else's business. */
function forget(): void {
  for (const name of Object.keys(sessionStorage)) if (/^ebb\.(intent|draft)\./.test(name)) sessionStorage.removeItem(name);
}

function leave(): void {
  forget();
  kept("signed_in", null);
  for (const one of waiting) one.reject(nobody());
  waiting = [];
  ended.value = null;
  session.value = null;
  replace([]);
}

export async function signOut(): Promise<void> {
  await ask("DELETE").catch(() => undefined);
  tabs.postMessage(null);
  leave();
}

tabs.onmessage = ({ data: principal }: MessageEvent<string | null>) => {
  if (principal === null) leave();
  else if (session.value && session.value.principal !== principal) location.reload();
  else if (ended.value) void resume().then(() => {
    ended.value = null;
    for (const one of waiting) one.resolve();
    waiting = [];
  });
};

/** Whether the person has a password: customers and the demo's people come with tokens. */
export function own(): boolean {
  return session.value?.principal.startsWith("user:") ?? false;
}

export function may(role: string): boolean {
  return session.value?.roles.includes(role) ?? false;
}
