// SPDX-License-Identifier: Apache-2.0
// What a person changes of itself: one-time codes, set up with an authenticator that reads the picture, and the password.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { assert, house, looks, picture, settled, test } from "./house.mjs";

const at = await house();
const GOOD = "river stone lantern";
const page = await at.page();

/** Past the demo's sign-in screen, which offers only the demo's people. */
async function enter(password, otp = null) {
  const status = await page.evaluate(async (body) => {
    const response = await fetch("/v1/session", { method: "POST", headers: { "Content-Type": "application/json", "Ebb-Session": "1" }, body: JSON.stringify(body) });
    localStorage.setItem("ebb.signed_in", "yes");
    return response.status;
  }, { user: "anna", password, otp });
  await page.goto("/#/me");
  await page.reload();
  return status;
}

/** The clock of the server, a minute on: no code is shown twice. */
async function codeOf(secret) {
  const { json } = await at.call("demo-admin", "POST", "/demo/clock", { advance: "1m" });
  return execFileSync("oathtool", ["--totp", "-b", secret, "--now", `@${Math.floor(Date.parse(json.now) / 1000)}`]).toString().trim();
}

/** What a camera reads. */
async function scanned() {
  const room = await mkdtemp(path.join(tmpdir(), "ebb-qr-")), file = path.join(room, "qr.png");
  await page.locator("svg.code-picture").screenshot({ path: file });
  const text = execFileSync("zbarimg", ["-q", "--raw", file]).toString().trim();
  await rm(room, { recursive: true });
  return new URL(text);
}

const field = (name) => page.getByLabel(name, { exact: true });
let recovery = [];

test("an authenticator is set up: scanned, shown a code of, and asked for from then on", async () => {
  await at.call("demo-admin", "PUT", "/v1/users/anna", { roles: ["reviewer"], password: GOOD });
  assert.equal(await enter(GOOD), 201);
  await page.getByRole("link", { name: "anna" }).click();
  await page.locator("main .page h1").waitFor();
  await settled(page);
  await looks(page, "staff-own");
  await page.getByRole("button", { name: "Set up an authenticator" }).click();
  await page.locator("svg.code-picture").waitFor();
  await settled(page);
  await looks(page, "staff-own-offer");
  const uri = await scanned(), secret = uri.searchParams.get("secret");
  assert.equal(uri.protocol, "otpauth:");
  const begin = page.getByRole("button", { name: "Start using codes" });
  await begin.click();
  assert.equal(await page.locator(".enrol [aria-invalid=true]").count(), 2, "the code and the password are needed");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
  const form = page.locator(".enrol form");
  await form.getByLabel("Code of your authenticator").fill("000000");
  await form.getByLabel("Password as it is now").fill(GOOD);
  await begin.click();
  await page.getByText("This is not the code that the authenticator shows now.").waitFor();
  await looks(page, "staff-own-wrong-code");
  await form.getByLabel("Code of your authenticator").fill(await codeOf(secret));
  await form.getByLabel("Password as it is now").fill(GOOD + "x");
  await begin.click();
  await page.getByText("The password or the code is not right").waitFor();
  assert.equal(await page.locator("dialog[open]").count(), 0, "nobody is asked to sign in");
  await form.getByLabel("Password as it is now").fill(GOOD);
  await form.getByLabel("Code of your authenticator").fill(await codeOf(secret));
  await page.keyboard.press("Enter");
  await page.locator("[data-once]").waitFor();
  const codes = (await page.locator("[data-once] code").innerText()).split(" ");
  assert.equal(codes.length, 10);
  recovery = codes.slice(3, 6);
  await settled(page);
  await looks(page, "staff-own-codes");
  await page.getByRole("button", { name: "I have taken them down, sign in again" }).click();
  await page.locator("[data-person]").first().waitFor();
  assert.equal(await enter(GOOD), 401);
  assert.equal(await enter(GOOD, await codeOf(secret)), 201);
});

test("the password is changed by whoever knows it and has a code", async () => {
  const form = page.locator("form", { has: field("New password") }), next = "lantern stone river";
  await form.waitFor();
  await form.getByLabel("New password").fill("short");
  await form.getByLabel("Password as it is now").fill(GOOD);
  await form.getByRole("button", { name: "Change the password" }).click();
  await form.getByText("Too short, too common").waitFor();
  await looks(page, "staff-own-password-wrong");
  await form.getByLabel("New password").fill(next);
  await form.getByLabel("Code as you sign in now").fill(recovery[0]);
  await form.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed.").waitFor();
  await picture(page, "staff-own-password-done");
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.locator("[data-person]").first().waitFor();
  assert.deepEqual([await enter(GOOD, recovery[1]), await enter(next, recovery[0])], [401, 401], "the code was used up");
  assert.equal(await enter(next, recovery[1]), 201);
});

test("an administrator finds itself among the people, and nothing to press there", async () => {
  await at.call("demo-admin", "PUT", "/v1/users/anna", { roles: ["viewer", "admin"] });
  await at.call("demo-admin", "PUT", "/v1/users/berta", { roles: ["viewer"] });
  assert.equal(await enter("lantern stone river", recovery[2]), 201);
  await page.goto("/#/books/people/berta");
  await page.getByRole("button", { name: "Disable" }).waitFor();
  await page.goto("/#/books/people/anna");
  await page.getByText("This is you: another administrator changes it").waitFor();
  await settled(page);
  await looks(page, "staff-person-self");
  assert.equal(await page.locator("main").getByRole("button").count(), 0);
});

test("whoever came with a token has nothing to change", async () => {
  const other = await at.page({ as: "demo-reviewer", hash: "#/me" });
  await other.locator("main .page h1").waitFor();
  assert.equal(await other.locator("main form").count(), 0);
  assert.equal(await other.locator(".who a").count(), 0);
  await other.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
