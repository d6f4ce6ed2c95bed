// SPDX-License-Identifier: Apache-2.0
// Short news that needs no answer. Errors do not go here: they stand where they were made.
import { signal } from "@preact/signals";
import { Icon } from "./icon";

const toasts = signal<{ id: number; text: string }[]>([]);
let last = 0;

export function toast(text: string): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text }];
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== id)), 6000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => <p key={one.id}><Icon name="check" /> {one.text}</p>)}
    </div>
  );
}
