// SPDX-License-Identifier: Apache-2.0
// What staff decide, and what may come between: a second click, another person, a lost answer, a session that ended. Nothing is
// decided twice, nothing is paid twice, and whoever asked does not decide.
import { accessible, assert, house, looks, picture, settled, test } from "./house.mjs";

const at = await house();
const admin = (method, path, body) => at.call("demo-admin", method, path, body);
const PDF = "JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRvYmoKMiAwIG9iago8PC9UeXBlL1BhZ2VzL0tpZHNbMyAwIFJdL0NvdW50IDE+PgplbmRvYmoKMyAwIG9iago8PC9UeXBlL1BhZ2UvUGFyZW50IDIgMCBSL01lZGlhQm94WzAgMCA5IDldPj4KZW5kb2JqCnhyZWYKMCA0CjAwMDAwMDAwMDAgNjU1MzUgZiAKMDAwMDAwMDAwOSAwMDAwMCBuIAowMDAwMDAwMDU0IDAwMDAwIG4gCjAwMDAwMDAxMDUgMDAwMDAgbiAKdHJhaWxlcgo8PC9TaXplIDQvUm9vdCAxIDAgUj4+CnN0YXJ0eHJlZgoxNjcKJSVFT0YK";

/** A customer of a policy that reviews everything, with a withdrawal that waits; `by` asks for it. */
async function waiting(ref, { by = `demo-customer:${ref}`, amount = 5000, policy = "jdcloud" } = {}) {
  await admin("PUT", `/v1/accounts/${ref}`, { policy, currency: "CNY", phone: "13900000000", subject: { kind: "person", name: "王五", id_number: `ID-${ref}`, verified: true } });
  await admin("POST", `/v1/accounts/${ref}/topups`, { ref: `${ref}-1`, amount: 20000, method: "alipay", paid_at: new Date(Date.now() - 86400000).toISOString(), payer: { kind: "personal", name: "王五" } });
  const { json } = await at.call(by, "POST", "/v1/withdrawals", { account: ref, amount });
  await at.call(by, "POST", `/v1/withdrawals/${json.id}/code`, { code: await at.code(ref) });
  return json.id;
}

const state = async (id) => (await admin("GET", `/v1/withdrawals/${id}`)).json;
async function until(holds, what) {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const becomes = (id, status) => until(async () => (await state(id)).status === status, `${id} becomes ${status}`);
const reviews = async (id) => (await admin("GET", `/v1/withdrawals/${id}/history`)).json.reviews;
const attempts = async (id) => (await admin("GET", `/v1/withdrawals/${id}/attempts`)).json.data;

const page = await at.page({ as: "demo-reviewer" });
async function open(id, where = page) {
  await where.evaluate((to) => { location.hash = to; }, `#/review?id=${id}`);
  await where.locator(`[data-pane="${id}"] .checks`).waitFor();
  await settled(where);
}
const dialog = (where = page) => where.locator("dialog[open]");

test("by keyboard alone: what must be said is asked for, and a rejection gives the money back", async () => {
  const id = await waiting("keys-1");
  await open(id);
  await page.keyboard.press("?");
  await dialog().waitFor();
  await accessible(page, "the keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await page.waitForFunction((was) => !location.hash.endsWith(was), id);
  await page.keyboard.press("j");
  await page.locator(`[data-pane="${id}"] .decide`).waitFor();
  await page.keyboard.press("r");
  await dialog().waitFor();
  await dialog().getByRole("button", { name: "Reject" }).press("Enter");
  await page.locator("textarea[aria-invalid=true]").waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
  await accessible(page, "a rejection without a reason");
  await picture(page, "staff-reject");
  await page.keyboard.type("The payee is somebody else.");
  await dialog().getByRole("button", { name: "Reject" }).press("Enter");
  await becomes(id, "rejected");
  assert.equal((await admin("GET", "/v1/accounts/keys-1/withdrawable")).json.withdrawable, 20000);
  await dialog().waitFor({ state: "detached" });
});

test("a double click approves once and pays once", async () => {
  const id = await waiting("twice-1");
  await open(id);
  await page.keyboard.press("a");
  await dialog().waitFor();
  await accessible(page, "an approval");
  await picture(page, "staff-approve");
  await dialog().getByRole("button", { name: "Approve" }).dblclick();
  await becomes(id, "successful");
  assert.equal((await reviews(id)).length, 1);
  assert.deepEqual((await attempts(id)).map((one) => one.status), ["paid"]);
});

test("what changed meanwhile is shown, and decided on only as it is now", async () => {
  const id = await waiting("stale-1");
  await open(id);
  await page.keyboard.press("a");
  await dialog().waitFor();
  await at.call("demo-customer:stale-1", "POST", "/v1/documents", { account: "stale-1", withdrawal: id, name: "late.pdf", media_type: "application/pdf", content: PDF });
  await dialog().getByRole("button", { name: "Approve" }).click();
  await dialog().locator(".note.warn").waitFor();
  assert.deepEqual(await reviews(id), []);
  await accessible(page, "a decision on what has changed");
  await picture(page, "staff-changed");
  await dialog().getByRole("button", { name: /Approve/ }).click();
  await becomes(id, "successful");
  assert.equal((await reviews(id)).length, 1);
});

test("what another person has decided is not decided again", async () => {
  const id = await waiting("stale-2");
  await open(id);
  await page.keyboard.press("a");
  await dialog().waitFor();
  const { etag } = await admin("GET", `/v1/withdrawals/${id}`);
  await at.call("demo-reviewer-2", "POST", `/v1/withdrawals/${id}/review`, { decision: "reject", reason: "no" }, { headers: { "If-Match": etag } });
  await dialog().getByRole("button", { name: "Approve" }).click();
  await dialog().locator(".note.warn").waitFor();
  assert.equal(await dialog().getByRole("button", { name: /Approve/ }).count(), 0);
  await dialog().getByRole("button", { name: "Back" }).click();
  assert.deepEqual((await reviews(id)).map((one) => one.decision), ["reject"]);
  assert.deepEqual(await attempts(id), []);
});

test("an answer that was lost is asked for again under its key", async () => {
  const id = await waiting("lost-1");
  await open(id);
  let lost = 0;
  await page.route(`**/v1/withdrawals/${id}/review`, async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.keyboard.press("a");
  await dialog().getByRole("button", { name: "Approve" }).click();
  await becomes(id, "successful");
  await dialog().waitFor({ state: "detached" });
  assert.ok(lost >= 2);
  assert.equal((await reviews(id)).length, 1);
  assert.equal((await attempts(id)).length, 1);
  await page.unroute(`**/v1/withdrawals/${id}/review`);
});

test("a session that ended asks to sign in, and the decision goes on", async () => {
  const id = await waiting("ended-1");
  await open(id);
  await page.keyboard.press("n");
  await dialog().locator("textarea").fill("Please bring the licence.");
  // It ends when the decision leaves: sooner, and what the page reads by itself may notice first.
  await page.route(`**/v1/withdrawals/${id}/review`, async (route) => {
    await page.context().clearCookies();
    await route.continue();
  }, { times: 1 });
  await dialog().getByRole("button", { name: "Need documents" }).click();
  await page.getByRole("button", { name: "Sign in again" }).click();
  await becomes(id, "need_documents");
  assert.equal((await reviews(id))[0].reason, "Please bring the licence.");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
});

test("whoever asked does not decide, and reads why", async () => {
  const id = await waiting("maker-1", { by: "demo-admin" });
  const maker = await at.page({ as: "demo-admin" });
  await open(id, maker);
  assert.equal(await maker.locator(".decide").count(), 0);
  await maker.locator(".checks .bad").waitFor();
  await accessible(maker, "one's own application");
  await maker.context().close();
});

test("the queue follows what happens", async () => {
  await page.evaluate(() => { location.hash = "#/review"; });
  await settled(page);
  const id = await waiting("live-1");
  await page.locator(`.queue-item[data-id="${id}"]`).waitFor();
});

async function decideByHand(where, id) {
  await where.evaluate((to) => { location.hash = to; }, `#/withdrawals/${id}`);
  await where.locator("main .note.warn").first().waitFor();
  await settled(where);
}

test("two people and a document settle what no channel tells", async () => {
  const { json } = await admin("GET", "/v1/unresolved"), id = json.data[0].id;
  assert.deepEqual(json.data.map((one) => one.account), ["ali-qin"], "the demo has one, and nothing else is open");
  await page.evaluate(() => { location.hash = "#/unknown"; });
  await page.locator(`a[href$="${id}"]`).first().waitFor();
  await looks(page, "staff-unknown-one");
  const guide = await at.page({ as: "demo-admin", hash: "#/unknown" });
  await guide.getByRole("link", { name: "Let a day pass" }).click();
  await guide.getByRole("button", { name: "26 hours on" }).click();
  await guide.getByText(/It is .* now\./).waitFor();
  await guide.context().close();
  await until(async () => (await state(id)).legs[0].status === "manual", "it comes to people");
  const first = await at.page({ as: "demo-reviewer" });
  await decideByHand(first, id);
  await first.getByRole("button", { name: "Propose what became of it" }).click();
  await dialog(first).getByRole("button", { name: "Propose" }).click();
  assert.equal(await dialog(first).locator(".error").count(), 3);
  await accessible(first, "a proposal with nothing in it");
  await dialog(first).getByRole("radio", { name: /^Paid/ }).check();
  await dialog(first).locator("input[type=file]").setInputFiles({ name: "statement.pdf", mimeType: "application/pdf", buffer: Buffer.from(PDF, "base64") });
  await dialog(first).locator("textarea").fill("It stands in the bank's statement.");
  await picture(first, "staff-propose");
  await dialog(first).getByRole("button", { name: "Propose" }).click();
  await dialog(first).waitFor({ state: "detached" });
  await first.getByText("You have proposed this").waitFor();
  assert.notEqual((await state(id)).status, "successful");
  await first.context().close();
  const second = await at.page({ as: "demo-reviewer-2" });
  await decideByHand(second, id);
  await second.getByRole("button", { name: "Confirm the proposal" }).click();
  await dialog(second).locator("textarea").fill("Seen by me as well.");
  await accessible(second, "a confirmation");
  await picture(second, "staff-confirm");
  await dialog(second).getByRole("button", { name: "Confirm" }).click();
  await becomes(id, "successful");
  await settled(second);
  await picture(second, "staff-resolved");
  await second.evaluate(() => { location.hash = "#/unknown"; });
  await second.getByText("Every payment is proven.").waitFor();
  await second.context().close();
});

test("the audit of a withdrawal stands beside it: who, when, what, and whether the chain holds", async () => {
  const { json } = await admin("GET", "/v1/withdrawals?account=ali-qin"), id = json.data[0].id;
  const auditor = await at.page({ as: "demo-reviewer", hash: `#/withdrawals/${id}` });
  await auditor.getByRole("button", { name: "Audit trail" }).click();
  await dialog(auditor).locator(".trail > li").first().waitFor();
  const told = (await admin("GET", `/v1/withdrawals/${id}/audit`)).json.data;
  assert.equal(await dialog(auditor).locator(".trail > li").count(), told.length);
  assert.deepEqual(told.filter((row) => row.command === "resolve").map((row) => row.principal), ["demo-reviewer", "demo-reviewer-2"]);
  await dialog(auditor).locator(".note.good").waitFor();
  await dialog(auditor).getByText("Outcome not known yet").first().waitFor();
  await looks(auditor, "staff-trail");
  const row = dialog(auditor).getByRole("button", { name: `Show row ${told[0].seq}`, exact: true });
  await row.press("Enter");
  await dialog(auditor).locator(".raw", { hasText: told[0].body.moves[0].o }).waitFor();
  await accessible(auditor, "a row of the audit as it was written");
  await auditor.keyboard.press("Escape");
  await dialog(auditor).waitFor({ state: "detached" });
  assert.equal(await auditor.evaluate(() => document.activeElement?.textContent), "Audit trail", "the focus is where it was");
  await auditor.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
