// SPDX-License-Identifier: Apache-2.0
// The staff's face of the console: its ways and its screens. What a person's roles do not open is not offered.
import type { ComponentType } from "preact";
import words from "words:staff";
import { screen } from "../route";
import { demo } from "../session";
import { Shell, type Way } from "../shell";
import { addWords, t } from "../words";
import { Accounts } from "./accounts";
import { Books } from "./shelf";
import { can } from "./can";
import { Dials } from "./dials";
import { Home } from "./home";
import { Me } from "./me";
import { Unknown, Withdrawals } from "./lists";
import { Review } from "./review";

addWords(words);

const SCREENS: Record<string, ComponentType> = {
  "": Home, review: Review, unknown: Unknown, withdrawals: Withdrawals, accounts: Accounts, books: Books, dials: Dials, me: Me,
};

function ways(): Way[] {
  const all: (Way | false)[] = [
    { path: "", name: t("staff.home") },
    { path: "review", name: t("staff.review") },
    { path: "unknown", name: t("staff.unknown") },
    { path: "withdrawals", name: t("staff.withdrawals") },
    { path: "accounts", name: t("staff.accounts") },
    { path: "books", name: t("staff.books") },
    demo && can("dials") && { path: "dials", name: t("staff.dials") },
  ];
  return all.filter((way) => way !== false);
}

export function Face() {
  const Screen = SCREENS[screen.value] ?? Home;
  return <Shell ways={ways()}><Screen /></Shell>;
}
