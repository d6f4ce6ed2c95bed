// SPDX-License-Identifier: Apache-2.0
// A double click, a reload, a lost connection, a stale tab and a session that ended lose nothing and pay nothing twice. Each
// journey ends at the API: how many withdrawals there are, and what they paid.
import { accessible, assert, house, picture, settled, test } from "./house.mjs";

const at = await house();
let accounts = 0;

/** A customer of his own for each journey: 1000.00 by Alipay, ten days ago. */
async function customer(amount = 100_000) {
  const ref = `browser-${++accounts}`;
  const subject = { kind: "person", name: "王小明", id_number: `ID-${ref}`, verified: true };
  await at.call("demo-billing", "PUT", `/v1/accounts/${ref}`, { policy: "alibaba", currency: "CNY", phone: "13900000000", subject });
  await at.call("demo-billing", "POST", `/v1/accounts/${ref}/topups`, { ref: "order-1", amount, method: "alipay", payer: { kind: "personal", name: "王小明" } });
  return ref;
}

const enter = (ref, options = {}) => at.page({ as: `demo-customer:${ref}`, ...options });

const all = async (ref) => (await at.call("demo-admin", "GET", `/v1/withdrawals?account=${ref}`)).json.data;
const button = (page, name) => page.getByRole("button", { name });

async function toReview(page, amount) {
  await page.goto("/#/withdraw");
  await page.getByLabel("How much?").fill(amount);
  await button(page, "Next").click();
  await page.getByRole("radio", { name: /Back the way/ }).check();
  await button(page, "Next").click();
  await button(page, /Confirm/).waitFor();
}

async function toCode(page, amount) {
  await toReview(page, amount);
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
}

async function enterCode(page, ref) {
  await page.getByLabel("Code").fill(await at.code(ref));
  await button(page, "Enter the code").click();
}

/** The server hears the next request of this kind, the browser does not hear the answer. */
async function loseAnswers(page, pattern, count) {
  let lost = 0;
  await page.route(pattern, async (route) => {
    if (route.request().method() !== "POST" || lost >= count) return route.continue();
    lost++;
    await route.fetch();
    return route.abort("connectionreset");
  });
  return () => lost;
}

test("all of it, by keyboard alone", async () => {
  const ref = await customer(), page = await enter(ref);
  await page.goto("/#/withdraw");
  await page.getByLabel("How much?").focus();
  await page.keyboard.type("120.50");
  await page.keyboard.press("Enter");
  await page.getByRole("radio", { name: /Back the way/ }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await button(page, /Confirm/).waitFor();
  assert.match(await page.locator(".wizard .panel").innerText(), /order-1/);
  await button(page, /Confirm/).focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Code").focus();
  await page.keyboard.type(await at.code(ref));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Follow it" }).waitFor();
  const [made] = await all(ref);
  assert.equal(made.amount, 12_050);
  assert.notEqual(made.status, "awaiting_code");
  await page.context().close();
});

test("what is wrong is said beside its field", async () => {
  const ref = await customer(), page = await enter(ref);
  await page.goto("/#/withdraw");
  for (const [typed, told] of [["", /Enter an amount/], ["abc", /number/], ["1.234", /fractions/], ["0", /more than zero/], ["1000.01", /At most ¥1,000.00/]]) {
    await page.getByLabel("How much?").fill(typed);
    await button(page, "Next").click();
    await page.locator(".field.wrong .error").getByText(told).waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "amount");
  }
  await page.getByLabel("How much?").fill("１，000.00");
  await button(page, "Next").click();
  await page.getByText("By which way?").waitFor();
  assert.equal((await all(ref)).length, 0);
  await page.context().close();
});

test("two clicks ask once", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "300");
  await button(page, /Confirm/).dblclick();
  await page.locator("[data-code]").waitFor();
  assert.equal((await all(ref)).length, 1);
  await page.getByLabel("Code").fill(await at.code(ref));
  await button(page, "Enter the code").dblclick();
  await page.getByRole("link", { name: "Follow it" }).waitFor();
  const made = await all(ref);
  assert.equal(made.length, 1);
  assert.equal(made[0].legs.length, 1);
  await page.context().close();
});

test("answers that are lost are asked for again with the same key", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "300");
  const lost = await loseAnswers(page, "**/v1/withdrawals", 2);
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
  assert.equal(lost(), 2);
  assert.equal((await all(ref)).length, 1);
  const lostCodes = await loseAnswers(page, "**/v1/withdrawals/*/code", 1);
  await enterCode(page, ref);
  await page.getByRole("link", { name: "Follow it" }).waitFor();
  assert.equal(lostCodes(), 1);
  assert.equal((await all(ref)).length, 1);
  await page.context().close();
});

test("a reload while nothing was heard keeps the key; asking again makes no second one", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "250");
  await loseAnswers(page, "**/v1/withdrawals", 1);
  await button(page, /Confirm/).click();
  await page.waitForFunction(() => Object.keys(sessionStorage).some((name) => name.startsWith("ebb.intent.withdraw")));
  await page.reload();
  await button(page, /Confirm/).waitFor();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
  assert.equal((await all(ref)).length, 1);
  await page.context().close();
});

test("changed after a lost answer: the earlier one is found, not made a second time", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "250");
  await loseAnswers(page, "**/v1/withdrawals", 1);
  await button(page, /Confirm/).click();
  await page.waitForFunction(() => Object.keys(sessionStorage).some((name) => name.startsWith("ebb.intent.withdraw")));
  await page.reload();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await toReview(page, "260");
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
  const made = await all(ref);
  assert.equal(made.length, 1);
  assert.equal(made[0].amount, 25_000);
  await page.getByText("¥250.00").first().waitFor();
  await page.context().close();
});

test("a session that ended asks to sign in again, on top of what was filled in", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "150");
  await page.context().clearCookies();
  await button(page, /Confirm/).click();
  await page.getByRole("dialog").waitFor();
  await button(page, "Sign in again").click();
  await page.locator("[data-code]").waitFor();
  const made = await all(ref);
  assert.equal(made.length, 1);
  assert.equal(made[0].amount, 15_000);
  await page.context().close();
});

test("a stale tab learns how it is now, and cannot pay what is not there", async () => {
  const ref = await customer(), page = await enter(ref);
  await toReview(page, "900");
  const { json: other } = await at.call(`demo-customer:${ref}`, "POST", "/v1/withdrawals", { account: ref, amount: 50_000 });
  await at.call(`demo-customer:${ref}`, "POST", `/v1/withdrawals/${other.id}/code`, { code: await at.code(ref) });
  await button(page, /Confirm/).click();
  await page.locator(".field.wrong .error").waitFor();
  assert.match(await page.locator(".field.wrong").innerText(), /more than can be withdrawn|Up to ¥500.00/);
  assert.equal(await page.getByLabel("How much?").inputValue(), "900");
  assert.equal((await all(ref)).length, 1);
  await page.context().close();
});

test("a code that was entered elsewhere: this tab shows what became of it", async () => {
  const ref = await customer(), page = await enter(ref);
  await toCode(page, "80");
  const [w] = await all(ref), code = await at.code(ref);
  await at.call(`demo-customer:${ref}`, "POST", `/v1/withdrawals/${w.id}/code`, { code });
  await page.getByLabel("Code").fill(code).catch(() => undefined);
  await page.getByRole("link", { name: "Follow it" }).waitFor();
  assert.equal((await all(ref)).length, 1);
  await page.context().close();
});

test("a failed one says why, and is filed again with what was filled in", async () => {
  const ref = await customer(), page = await enter(ref);
  await at.call("demo-admin", "POST", "/demo/channel", { next: ["refused:ACQ.TRADE_HAS_FINISHED"] });
  await toCode(page, "70.30");
  await enterCode(page, ref);
  await page.getByRole("link", { name: "Follow it" }).click();
  await page.getByText("This payment failed.").waitFor();
  await button(page, "File it again").click();
  await page.getByText("This is filed anew").waitFor();
  assert.equal(await page.getByLabel("How much?").inputValue(), "70.30");
  await page.context().close();
});

test("cancelled in the middle, and found by the filter that stands in the address", async () => {
  const ref = await customer(), page = await enter(ref);
  await toCode(page, "60");
  await button(page, "Cancel it").click();
  await page.getByRole("dialog").waitFor();
  await accessible(page, "cancel?");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal((await all(ref))[0].status, "awaiting_code");
  await button(page, "Cancel it").click();
  await button(page, "Yes, cancel it").click();
  await page.getByText("Nothing was paid").waitFor();
  await page.goto("/#/records");
  await page.getByLabel("State").selectOption("cancelled");
  await settled(page);
  assert.match(page.url(), /status=cancelled/);
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("State").inputValue(), "cancelled");
  await page.getByLabel("State").selectOption("failed");
  await page.getByText("No withdrawal fits.").waitFor();
  await page.context().close();
});

test("out of chosen orders, from the row of one", async () => {
  const ref = await customer();
  await at.call("demo-billing", "POST", `/v1/accounts/${ref}/topups`, { ref: "order-2", amount: 4_000, method: "wechat" });
  const page = await enter(ref);
  await page.goto("/#/topups");
  await page.getByRole("link", { name: "Withdraw from order-2" }).click();
  await button(page, "Next").click();
  await button(page, "Next").click();
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
  const [made] = await all(ref);
  assert.deepEqual(made.legs.flatMap((leg) => leg.lots), [{ topup: "order-2", amount: 4_000 }]);
  await page.context().close();
});

test("a management account takes money out for its member", async () => {
  const master = await customer(), member = await customer(50_000);
  const subject = { kind: "person", name: "王小明", id_number: `ID-${member}`, verified: true };
  await at.call("demo-billing", "PUT", `/v1/accounts/${member}`, { policy: "alibaba", currency: "CNY", phone: "13900000000", master, subject });
  const page = await enter(master);
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByRole("link", { name: member }).click();
  await page.getByText(`member account ${member}`).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Withdraw" }).click();
  assert.match(page.url(), new RegExp(`account=${member}`));
  await page.getByLabel("How much?").fill("20");
  await button(page, "Next").click();
  await page.getByRole("radio", { name: /Back the way/ }).check();
  await button(page, "Next").click();
  await button(page, /Confirm/).click();
  await page.locator("[data-code]").waitFor();
  assert.deepEqual([(await all(member)).length, (await all(master)).length], [1, 0]);
  await page.context().close();
});

test("staff ask for documents; the customer reads why, and brings them", async () => {
  const { json } = await at.call("demo-admin", "GET", "/v1/withdrawals?account=ali-nanjing&status=in_review");
  const id = json.data[0].id, { etag } = await at.call("demo-admin", "GET", `/v1/withdrawals/${id}`);
  const ask = { decision: "need_documents", reason: "The licence is not readable." };
  await at.call("demo-reviewer", "POST", `/v1/withdrawals/${id}/review`, ask, { headers: { "If-Match": etag } });
  const page = await at.page({ as: "demo-customer:ali-nanjing", hash: `#/records/${id}` });
  await page.getByText("The licence is not readable.").first().waitFor();
  await accessible(page, "documents are needed");
  await picture(page, "need-documents");
  await page.setInputFiles("input[type=file]", { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("no") });
  await page.getByText("a.txt is neither PDF").waitFor();
  await page.setInputFiles("input[type=file]", { name: "licence.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") });
  await page.locator(".timeline .work").getByText("in review").waitFor();
  assert.equal((await at.call("demo-admin", "GET", `/v1/withdrawals/${id}`)).json.status, "in_review");
  await page.context().close();
});

test("a case goes to staff once, and stands in the list", async () => {
  const page = await enter("jd-chen", { language: "zh" });
  await page.goto("/#/cases?kind=other");
  await page.locator("textarea").fill("请协助处理对公转账余额。");
  await page.locator("form .button.primary").dblclick();
  await page.locator("tbody tr").waitFor();
  assert.equal((await at.call("demo-admin", "GET", "/v1/accounts/jd-chen/cases")).json.data.length, 1);
  await page.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
