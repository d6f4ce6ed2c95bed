// SPDX-License-Identifier: Apache-2.0
// Around every screen: the way to the others, language and theme, who is signed in, and a line when the server is out of reach.
import type { ComponentChildren } from "preact";
import { reachable } from "./api";
import { Button } from "./parts/button";
import { Icon, type IconName } from "./parts/icon";
import { Toasts } from "./parts/toast";
import { link, screen } from "./route";
import { ended, own, session, signOut } from "./session";
import { SignInAgain } from "./signin";
import { setTheme, theme, THEMES } from "./theme";
import { language, setLanguage, t, tOf } from "./words";

export interface Way {
  path: string;
  name: string;
  icon?: IconName;
  href?: string;
}

export function Choices() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  const other = language.value === "en" ? "zh" : "en";
  return (
    <div class="choices">
      <button type="button" class="button quiet small" data-language={other} lang={other === "zh" ? "zh-CN" : "en"} onClick={() => setLanguage(other)}>
        <Icon name="language" /><span>{other === "zh" ? "中文" : "English"}</span>
      </button>
      <button type="button" class="button quiet small" data-theme={theme.value} onClick={() => setTheme(next)} title={t("theme.change")}>
        <Icon name="theme" /><span>{tOf("theme", theme.value)}</span>
      </button>
    </div>
  );
}

export function Brand() {
  return (
    <a class="brand" href={link([])}>
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" />
        <path class="wave" d="M7 12c3-3 6-3 9 0s6 3 9 0" />
        <path class="drop" d="M16 16v8m-4-3.600 4 4 4-4" />
      </svg>
      <span>Ebb</span>
    </a>
  );
}

function Ways({ ways }: { ways: Way[] }) {
  return (
    <nav aria-label={t("shell.screens")}>
      {ways.map((way) => (
        <a key={way.path} href={way.href ?? link(way.path === "" ? [] : [way.path])} aria-current={screen.value === way.path ? "page" : undefined}>
          {way.icon ? <Icon name={way.icon} /> : null}{way.name}
        </a>
      ))}
    </nav>
  );
}

function Person() {
  const who = session.value;
  return who ? (
    <div class="person">
      <span class="who"><Icon name={who.kind === "staff" ? "people" : "person"} />{own() ? <a href={link(["me"])} aria-current={screen.value === "me" ? "page" : undefined}>{who.principal.slice(5)}</a> : who.account ?? who.principal}</span>
      <Button kind="quiet" small icon="out" onPress={() => void signOut()}>{t("shell.sign_out")}</Button>
    </div>
  ) : null;
}

export function Shell({ ways, children }: { ways: Way[]; children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>{t("shell.skip")}</a>
      <header class="top">
        <div class="top-in">
          <Brand />
          <Ways ways={ways} />
          <div class="top-end"><Choices /><Person /></div>
        </div>
      </header>
      {reachable.value ? null : <p class="offline" role="alert"><Icon name="alert" /> {t("shell.offline")}</p>}
      <main id="content" tabIndex={-1}>{children}</main>
      <Toasts />
      {ended.value ? <SignInAgain /> : null}
    </>
  );
}
