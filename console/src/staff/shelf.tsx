// SPDX-License-Identifier: Apache-2.0
// What stands on one shelf: the books, who wrote into them, by which rules, and what is wrong.
import type { ComponentType } from "preact";
import { link, place } from "../route";
import { t, type Key } from "../words";
import { Exports, Roles } from "./access";
import { Audit, Ledger, Policies } from "./books";
import { can } from "./can";
import { Incidents } from "./lists";
import { People } from "./people";
import { QuarantinePage } from "./quarantine";
import { Webhooks } from "./webhooks";

const SHELF: { path: string; name: Key; screen: ComponentType; open?: () => boolean }[] = [
  { path: "ledger", name: "staff.ledger_title", screen: Ledger },
  { path: "audit", name: "staff.audit", screen: Audit, open: () => can("audit") },
  { path: "policies", name: "staff.policies", screen: Policies },
  { path: "incidents", name: "staff.incidents", screen: Incidents },
  { path: "quarantine", name: "staff.quarantine", screen: QuarantinePage },
  { path: "exports", name: "staff.exports", screen: Exports },
  { path: "people", name: "staff.people", screen: People, open: () => can("audit") },
  { path: "roles", name: "staff.roles", screen: Roles },
  { path: "webhooks", name: "staff.webhooks", screen: Webhooks },
];

export function Books() {
  const open = SHELF.filter((one) => one.open?.() ?? true), asked = place.value.path[1];
  const chosen = open.find((one) => one.path === asked) ?? open[0]!, Screen = chosen.screen;
  return (
    <>
      <nav class="tabs shelf" aria-label={t("staff.books")}>
        {open.map((one) => <a key={one.path} href={link(["books", one.path])} aria-current={one === chosen ? "page" : undefined}>{t(one.name)}</a>)}
      </nav>
      <Screen key={place.value.path.slice(1, 3).join("/")} />
    </>
  );
}
