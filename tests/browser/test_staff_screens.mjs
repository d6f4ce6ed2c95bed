// SPDX-License-Identifier: Apache-2.0
// Every screen of the staff's face: axe in both languages, both themes, wide and narrow; and only what the roles allow.
import { accessible, assert, house, looks, settled, test } from "./house.mjs";

const at = await house();
const page = await at.page({ as: "demo-admin" });

/** The id of a sample; one that comes back does so shortly after the start. */
async function of(status, account = null) {
  for (let tried = 0; tried < 60; tried++) {
    const { json } = await at.call("demo-admin", "GET", `/v1/withdrawals?status=${status}${account === null ? "" : `&account=${account}`}`);
    if (json.data.length > 0) return json.data[0].id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`no sample is ${status}`);
}

async function look(name, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.locator("main .page h1").waitFor();
  await settled(page);
  await looks(page, `staff-${name}`);
}

test("home, with its figures as tables, and the queue", async () => {
  await look("home", "#/");
  for (const summary of await page.locator("figure details summary").all()) await summary.click();
  await look("home-tables", "#/");
  await look("review", "#/review");
  await look("review-flagged", `#/review?id=${await of("in_review", "ali-tao")}`);
});

test("a withdrawal in each state of interest", async () => {
  await look("withdrawal-paid", `#/withdrawals/${await of("successful")}`);
  await look("withdrawal-failed", `#/withdrawals/${await of("failed")}`);
  await look("withdrawal-returned", `#/withdrawals/${await of("returned")}`);
  await look("withdrawal-open", `#/withdrawals/${await of("in_review", "ali-nanjing")}`);
});

test("the lists, the books and the rules", async () => {
  for (const name of ["withdrawals", "unknown", "accounts", "accounts/ali-corp", "dials"]) await look(name.replace("/", "-"), `#/${name}`);
  for (const name of ["ledger", "audit", "policies", "incidents", "quarantine", "exports", "roles", "webhooks"]) await look(name, `#/books/${name}`);
});

test("the ledger of the demo is balanced, and a period that is none says so beside its field", async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.evaluate(() => { location.hash = "#/books/ledger?from=2020-01-01"; });
  await page.locator("[aria-invalid=true]").waitFor();
  await accessible(page, "a wrong period");
  await page.evaluate(() => { location.hash = "#/books/ledger"; });
  await page.locator(".panel .status.good").waitFor();
});

test("the books are had as a file", async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.evaluate(() => { location.hash = "#/books/exports"; });
  await page.getByRole("button", { name: "Make the file" }).click();
  const file = page.locator("a[download]");
  await file.waitFor();
  const lines = (await (await page.request.get(await file.getAttribute("href"))).text()).trim().split("\n");
  assert.ok(lines.length > 5, lines.join("\n"));
  await accessible(page, "a file that is ready");
});

test("an account is found by how its name begins; what cannot be a name is said at once", async () => {
  await page.evaluate(() => { location.hash = "#/accounts"; });
  await page.locator("input[type=search]").fill("hw-");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody th")].every((cell) => cell.textContent.startsWith("hw-")) && document.querySelector("tbody th"));
  await page.locator("input[type=search]").fill("a b");
  await page.locator("[aria-invalid=true]").waitFor();
});

test("whoever may only look is offered nothing to press", async () => {
  const viewer = await at.page();
  await viewer.evaluate(async () => {
    await fetch("/v1/session", { method: "POST", headers: { "Content-Type": "application/json", "Ebb-Session": "1" }, body: JSON.stringify({ token: "demo-viewer" }) });
    localStorage.setItem("ebb.signed_in", "yes");
  });
  await viewer.goto("/#/review");
  await viewer.reload();
  await viewer.locator(".pane-head h2").waitFor();
  await settled(viewer);
  assert.equal(await viewer.locator(".decide").count(), 0);
  assert.equal(await viewer.getByRole("link", { name: "Dials" }).count(), 0);
  await accessible(viewer, "a viewer's queue");
  await viewer.goto("/#/books/audit");
  assert.equal(await viewer.getByRole("link", { name: "Audit" }).count(), 0);
  await viewer.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
