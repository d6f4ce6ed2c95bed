// SPDX-License-Identifier: Apache-2.0
// The customers' face of the console: its ways and its screens.
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import words from "words:customer";
import { read } from "../api";
import type { Account } from "../model";
import { Icon } from "../parts/icon";
import { link, screen } from "../route";
import { Shell, type Way } from "../shell";
import { addWords, t } from "../words";
import { account, members, ownAccount, to } from "./account";
import { Cases } from "./cases";
import { Members } from "./members";
import { Overview } from "./overview";
import { Records } from "./records";
import { Topups } from "./topups";
import { Withdraw } from "./withdraw";

addWords(words);

const SCREENS: Record<string, ComponentType> = {
  "": Overview, topups: Topups, withdraw: Withdraw, records: Records, cases: Cases, members: Members,
};

/** Whose money one looks at, when it is not one's own. */
function Elsewhere() {
  return account() === ownAccount() ? null : (
    <p class="elsewhere">
      <Icon name="people" /> {t("customer.elsewhere", { account: account() })} <a href={link([])}>{t("customer.back_home")}</a>
    </p>
  );
}

export function Face() {
  const own = ownAccount();
  useEffect(() => {
    void read<{ data: Account[] }>("/v1/accounts?limit=200")
      .then(({ body }) => (members.value = body.data.filter((one) => one.ref !== own)))
      .catch(() => undefined);
  }, [own]);
  const ways: Way[] = [
    { path: "", name: t("customer.overview") },
    { path: "topups", name: t("customer.topups") },
    { path: "withdraw", name: t("customer.withdraw") },
    { path: "records", name: t("customer.records") },
    { path: "cases", name: t("customer.cases") },
    ...(members.value.length > 0 ? [{ path: "members", name: t("customer.members") }] : []),
  ].map((way) => ({ ...way, href: way.path === "members" ? link(["members"]) : to(way.path === "" ? [] : [way.path]) }));
  const Screen = SCREENS[screen.value] ?? Overview;
  return <Shell ways={ways}><Elsewhere /><Screen key={account()} /></Shell>;
}
