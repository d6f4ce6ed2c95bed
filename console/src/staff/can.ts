// SPDX-License-Identifier: Apache-2.0
// What the person's roles let him do (src/engine/roles.def). The server decides; this only hides what it would refuse.
import { may, session } from "../session";

const GRANTS = {
  /** Sends back and rejects. */
  review: ["reviewer", "approver"],
  approve: ["approver"],
  resolve: ["treasurer"],
  cancel: ["support"],
  audit: ["auditor", "admin"],
  /** People, and who is told of what. */
  manage: ["admin"],
  dials: ["demo"],
} as const;

export function can(what: keyof typeof GRANTS): boolean {
  return GRANTS[what].some(may);
}

export function me(): string {
  return session.value?.principal ?? "";
}
