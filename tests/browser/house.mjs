// SPDX-License-Identifier: Apache-2.0
// What browser journeys live in: a real `ebb serve --demo` on a free port with a directory of its own, Debian's Chromium, axe,
// and the API beside it. A journey file says
//
//     import { house, test } from "./house.mjs";
//     const at = await house();
//     test("what it shows", async () => { const page = await at.page({ as: "demo-reviewer" }); … });
//
// and is named in meson.build. Everything ends with the process; nothing waits longer than its limit.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

export { assert, test };

const PROGRAM = process.env.EBB ?? path.resolve(import.meta.dirname ?? ".", "../../build/ebb");
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=en-GB"];
const STEP_MS = 45_000;
/** Pairs of looks that differ in everything: each state is seen in one of the pairs by turns, and in both where EBB_LOOKS is "all". */
const LOOKS = [
  [{ language: "en", theme: "light", width: 1440 }, { language: "zh", theme: "dark", width: 360 }],
  [{ language: "zh", theme: "light", width: 360 }, { language: "en", theme: "dark", width: 1440 }],
];
let turn = 0;

async function serve(directory, demo, more) {
  const args = ["--pdeathsig", "KILL", PROGRAM, "serve", ...(demo ? ["--demo", "--demo-unknown"] : []), "--data", directory, "--listen", "127.0.0.1:0", ...more];
  const server = spawn("setpriv", args, { stdio: ["ignore", "pipe", "ignore"] });
  let told = "";
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server said nothing of its address: ${told}`)), 20_000);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${told}`)));
    server.stdout.on("data", (data) => {
      told += data;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(told);
      if (found) {
        clearTimeout(late);
        resolve(found[0]);
      }
    });
  });
  return { server, address };
}

let keys = 0;
function caller(address) {
  /** The API, past the browser. Throws for an answer of 400 and above unless `refused`. */
  return async function call(token, method, where, body, { refused = false, headers = {} } = {}) {
    const response = await fetch(address + where, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "POST" && where.startsWith("/v1/") ? { "Idempotency-Key": `test-${process.pid}-${++keys}` } : {}),
        ...headers,
      },
    });
    const json = await response.json();
    if (!response.ok && !refused) throw new Error(`${method} ${where}: ${response.status} ${JSON.stringify(json)}`);
    return { status: response.status, json, etag: response.headers.get("ETag") };
  };
}

/** A page in one look. What the browser complains of (a refused script, an exception) fails the journey that caused it. */
function pages(browser, address, complaints) {
  return async function page({ as = null, language = "en", theme = "light", width = 1440, height = 900, hash = "" } = {}) {
    const context = await browser.newContext({
      baseURL: address, locale: language === "zh" ? "zh-CN" : "en-GB", timezoneId: "Asia/Shanghai",
      colorScheme: theme, viewport: { width, height }, reducedMotion: "reduce",
    });
    context.setDefaultTimeout(STEP_MS);
    const made = await context.newPage();
    made.on("pageerror", (error) => complaints.push(String(error)));
    made.on("console", (line) => {
      if (line.type() === "error" && !/Failed to load resource/.test(line.text())) complaints.push(line.text());
    });
    if (as !== null) await enter(made, as);
    if (as === null || hash !== "") await made.goto("/" + hash);
    return made;
  };
}

/** By the link that an operator's site hands out. */
export async function enter(page, token) {
  await page.goto("about:blank");
  await page.goto(`/#/enter?token=${token}`);
  await page.locator(".page h1").waitFor();
}

/** Through the sign-in screen, as a person does. */
export async function signIn(page, token) {
  await page.locator(`[data-person="${token}"]`).click();
  await page.locator(".page h1").waitFor();
}

/** What was asked for is shown: no spinner, for two frames. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("h1") !== null && document.querySelector(".loading, [aria-busy=true]") === null);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** No violation of WCAG 2.2 A and AA in what is shown, and nothing that scrolls sideways. */
export async function accessible(page, what) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(tags).analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}\n    ` + v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("\n    "));
  assert.deepEqual(told, [], `${what}: ${told.join("\n")}`);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(beyond <= 0, `${what}: ${beyond} pixels wider than the window`);
}

/** A picture for people to look at, where EBB_PICTURES names a directory. */
export async function picture(page, name) {
  const directory = process.env.EBB_PICTURES;
  if (!directory) return;
  await mkdir(directory, { recursive: true });
  await page.evaluate(() => scrollTo(0, 0));
  const fullPage = (await page.locator("dialog[open]").count()) === 0;
  await page.screenshot({ path: path.join(directory, name + ".png"), fullPage });
}

/** Looks at what is shown in both languages, both themes, wide and narrow: axe, and a picture. The page keeps its place. */
export async function looks(page, what) {
  const size = page.viewportSize(), wrong = [];
  for (const { language, theme, width } of process.env.EBB_LOOKS === "all" ? LOOKS.flat() : LOOKS[turn++ % LOOKS.length]) {
    await page.setViewportSize({ width, height: size.height });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    if ((await page.getAttribute("html", "lang")).slice(0, 2) !== language)
      await page.evaluate(() => document.querySelector("[data-language]").click()); // also behind a dialog
    await settled(page);
    await picture(page, `${what}-${language}-${theme}-${width}`);
    await accessible(page, `${what} (${language}, ${theme}, ${width})`).catch((error) => wrong.push(error.message));
  }
  assert.equal(wrong.join("\n\n"), "");
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.evaluate(() => document.querySelector("[data-language=en]")?.click());
}

/** `demo` false: a server as an operator runs it, with nobody in it. `notify`: the text of its --notify file. */
export async function house({ demo = true, notify = null } = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), "ebb-browser-")), settings = path.join(directory, "notify.yaml");
  if (notify !== null) await writeFile(settings, notify);
  const { server, address } = await serve(path.join(directory, "data"), demo, notify === null ? [] : ["--notify", settings]);
  const executablePath = BROWSERS.find((one) => existsSync(one));
  assert.ok(executablePath, "Chromium is missing: script/bootstrap --tests installs it");
  const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: 30_000 });
  const complaints = [];
  after(async () => {
    await browser.close();
    server.removeAllListeners("exit");
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    const late = setTimeout(() => server.kill("SIGKILL"), 12_000);
    await gone;
    clearTimeout(late);
    await rm(directory, { recursive: true, force: true });
  });
  const call = caller(address);
  return {
    address, browser, call, complaints,
    page: pages(browser, address, complaints),
    /** The code that was last sent to an account's phone. */
    async code(account) {
      const { json } = await call("demo-admin", "GET", `/demo/messages?account=${account}&limit=20`);
      return json.data.find((message) => message.code !== null).code;
    },
  };
}
