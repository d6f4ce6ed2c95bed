// SPDX-License-Identifier: Apache-2.0
// Where the person is: "#/records?status=failed". It stands behind the #, so the server sees no account and no filter in its
// log, and a reload or a shared link leads back to the same rows.
import { computed, signal } from "@preact/signals";

export interface Place {
  path: string[];
  query: URLSearchParams;
}

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter((part) => part !== "").map(decodeURIComponent), query: new URLSearchParams(query) };
}

export const place = signal<Place>(read());
/** The first part of the path: which screen. */
export const screen = computed(() => place.value.path[0] ?? "");
addEventListener("hashchange", () => (place.value = read()));

type Query = Record<string, string | null | undefined>;

/** An address for href: link(["records", id], {status}). Empty values are left out. */
export function link(path: readonly string[], query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  const text = asked.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : "?" + text}`;
}

export function go(path: readonly string[], query: Query = {}): void {
  location.hash = link(path, query);
}

/** Like go, but Back does not return here. */
export function replace(path: readonly string[], query: Query = {}): void {
  history.replaceState(null, "", link(path, query));
  place.value = read();
}

/** Changes filters of the screen one is on, without a step in the history. */
export function filter(change: Query): void {
  const { path, query } = place.value;
  replace(path, { ...Object.fromEntries(query), ...change });
}
