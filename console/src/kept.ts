// SPDX-License-Identifier: Apache-2.0
// What outlives a reload. A browser that forbids storage forgets, and nothing else happens.

function place(store: "localStorage" | "sessionStorage", name: string, value?: string | null): string | null {
  try {
    if (value === null) window[store].removeItem(`ebb.${name}`);
    else if (value !== undefined) window[store].setItem(`ebb.${name}`, value);
    return window[store].getItem(`ebb.${name}`);
  } catch {
    return null;
  }
}

/** In this browser: choices such as language and theme. */
export const kept = (name: string, value?: string | null): string | null => place("localStorage", name, value);

/** In this tab: drafts, and the keys of what was asked and not answered yet. */
export const keptHere = (name: string, value?: string | null): string | null => place("sessionStorage", name, value);
