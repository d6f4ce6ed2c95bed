// SPDX-License-Identifier: Apache-2.0
// Wiring: who is it, and which face of the console is his. Each face is a chunk of its own, loaded when it is needed.
import { effect, signal } from "@preact/signals";
import { render, type ComponentType } from "preact";
import { Loading } from "./parts/page";
import { resume, session } from "./session";
import { SignIn } from "./signin";
import "./style.css";
import "./staff/staff.css";
import "./theme";
import { locale } from "./words";

const FACES: Record<"customer" | "staff", () => Promise<{ Face: ComponentType }>> = {
  customer: () => import("./customer/face"),
  staff: () => import("./staff/face"),
};

const face = signal<ComponentType | null>(null);
effect(() => {
  const kind = session.value?.kind;
  face.value = null;
  if (kind !== undefined) void FACES[kind]().then((chunk) => (face.value = chunk.Face));
});
effect(() => {
  document.documentElement.lang = locale();
});

function Console() {
  const Face = face.value;
  if (session.value === null) return <SignIn />;
  return Face === null ? <main><Loading /></main> : <Face />;
}

render(<Console />, document.getElementById("console")!);
void resume();
