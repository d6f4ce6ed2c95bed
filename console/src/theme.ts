// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it. Colours are light-dark() pairs, so a theme is one property of the document.
import { effect, signal } from "@preact/signals";
import { kept } from "./kept";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const before = kept("theme");
export const theme = signal<Theme>(before === "light" || before === "dark" ? before : "system");

export function setTheme(to: Theme): void {
  kept("theme", to === "system" ? null : to);
  theme.value = to;
}

effect(() => {
  document.documentElement.style.colorScheme = theme.value === "system" ? "light dark" : theme.value;
});
