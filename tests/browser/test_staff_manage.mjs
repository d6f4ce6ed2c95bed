// SPDX-License-Identifier: Apache-2.0
// What an administrator manages: people, how they sign in, and who is told of what. What cannot be undone is asked about first,
// what is shown once is not to be had again, and what is wrong stands beside its field.
import { createServer } from "node:http";
import { after } from "node:test";
import { accessible, assert, house, looks, picture, settled, test } from "./house.mjs";

const at = await house({ notify: "webhooks:\n  allow: [127.0.0.0/8]\n" });
const page = await at.page({ as: "demo-admin" });
const admin = (method, path, body) => at.call("demo-admin", method, path, body);
const dialog = () => page.locator("dialog[open]");
const press = (name) => page.getByRole("button", { name, exact: true }).click();

async function open(hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.locator("main .page h1").waitFor();
  await settled(page);
}

/** Signs in with a password as the form of a server without demo does; what the server says. */
async function entered(body) {
  const response = await fetch(`${at.address}/v1/session`, { method: "POST", headers: { "Content-Type": "application/json", "Ebb-Session": "1" }, body: JSON.stringify(body) });
  return { status: response.status, ...(await response.json()) };
}

/** What stands under that name among what is shown once. */
async function once(name) {
  await page.locator("[data-once]").waitFor();
  return page.locator(`[data-once] dt:has-text("${name}") + dd code`).innerText();
}

let password = "";

test("a person is made: what is missing is said beside the field, the password is shown once", async () => {
  await open("#/books/people");
  await press("Add a person");
  await dialog().getByRole("checkbox", { name: /^Viewer/ }).uncheck();
  await dialog().getByRole("button", { name: "Add", exact: true }).click();
  assert.equal(await dialog().locator(".error").count(), 2);
  await page.waitForFunction(() => document.activeElement?.matches("dialog input[type=text]"));
  await looks(page, "staff-person-wrong");
  await dialog().getByLabel("User name").fill("anna b");
  await dialog().getByRole("checkbox", { name: /^Reviewer/ }).check();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("dialog .error").length === 1);
  await dialog().getByLabel("User name").fill("anna");
  await picture(page, "staff-person-new");
  await dialog().getByLabel("User name").press("Enter");
  password = await once("Password");
  await settled(page);
  await looks(page, "staff-person-made");
  const { status, roles } = await entered({ user: "anna", password });
  assert.deepEqual([status, roles], [201, ["reviewer"]]);
  await press("I have taken it down");
  await page.reload();
  await settled(page);
  assert.ok(!(await page.content()).includes(password), "it is shown once");
  await looks(page, "staff-person");
  await open("#/books/people");
  await looks(page, "staff-people");
  await press("Add a person");
  await dialog().getByLabel("User name").fill("anna");
  await dialog().getByRole("button", { name: "Add", exact: true }).click();
  await dialog().getByText("Somebody has this name.").waitFor();
  await dialog().getByRole("button", { name: "Back" }).click();
});

test("roles, password, one-time codes and the way in are changed, each after it was asked about", async () => {
  await open("#/books/people/anna");
  await page.getByRole("checkbox", { name: /^Approver/ }).check();
  await press("Save the roles");
  await page.getByText("anna is changed.").waitFor();
  assert.deepEqual((await admin("GET", "/v1/users/anna")).json.roles, ["reviewer", "approver"]);

  await press("New password");
  await looks(page, "staff-person-ask");
  await dialog().getByRole("button", { name: "Back" }).click();
  assert.equal((await entered({ user: "anna", password })).status, 201, "asking changes nothing");
  await press("New password");
  await dialog().getByRole("button", { name: "New password" }).click();
  const next = await once("Password");
  assert.notEqual(next, password);
  assert.equal((await entered({ user: "anna", password })).status, 401);
  assert.equal((await entered({ user: "anna", password: next })).status, 201);

  await press("Start one-time codes");
  await dialog().getByRole("button", { name: "Start one-time codes" }).click();
  const codes = (await once("Recovery codes")).split(" ");
  assert.equal(codes.length, 10);
  await settled(page);
  await looks(page, "staff-person-codes");
  assert.equal((await entered({ user: "anna", password: next })).status, 401);
  assert.equal((await entered({ user: "anna", password: next, otp: codes[0] })).status, 201);
  await press("Stop one-time codes");
  await dialog().getByRole("button", { name: "Stop one-time codes" }).click();
  await dialog().waitFor({ state: "detached" });
  assert.equal((await entered({ user: "anna", password: next })).status, 201);

  await press("Disable");
  await dialog().getByRole("button", { name: "Disable" }).click();
  await page.getByText("Disabled", { exact: true }).waitFor();
  assert.equal((await entered({ user: "anna", password: next })).status, 401);
  await press("Enable");
  await dialog().getByRole("button", { name: "Enable" }).click();
  await page.getByText("Active", { exact: true }).waitFor();
  assert.equal((await entered({ user: "anna", password: next })).status, 201);
});

test("an auditor sees the people and changes none", async () => {
  const auditor = await at.page({ as: "demo-reviewer" });
  await auditor.goto("/#/books/people/anna");
  await auditor.locator("main .page h1").waitFor();
  await settled(auditor);
  assert.equal(await auditor.locator("main").getByRole("button").count(), 0);
  await accessible(auditor, "a person, for an auditor");
  await auditor.context().close();
});

/** An endpoint of ours that takes nothing until it is told to. */
const heard = [];
let answer = 500;
const endpoint = createServer((request, response) => {
  request.resume();
  heard.push(request.headers);
  response.writeHead(answer).end();
});
await new Promise((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
after(() => endpoint.close());
const url = `http://127.0.0.1:${endpoint.address().port}/ebb`;
let id = "";
const state = async () => (await admin("GET", `/v1/webhooks/${id}`)).json;
const deliveries = async () => (await admin("GET", `/v1/webhooks/${id}/deliveries`)).json.data;

async function until(what, holds) {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("an endpoint is made; an address that is none is said beside its field", async () => {
  await open("#/books/webhooks");
  await press("Add an endpoint");
  await dialog().getByLabel("URL").fill("ftp://nobody");
  await dialog().getByRole("button", { name: "Add", exact: true }).click();
  await dialog().getByText("An address is https://host/path").waitFor();
  await looks(page, "staff-webhook-wrong");
  await dialog().getByLabel("URL").fill(url);
  await dialog().getByLabel("Events").fill("withdrawal.* incident.opened");
  await dialog().getByLabel("URL").press("Enter");
  await page.locator(`main h1:has-text("${url}")`).waitFor();
  id = (await admin("GET", "/v1/webhooks")).json.data[0].id;
  assert.deepEqual((await state()).events, ["withdrawal.*", "incident.opened"]);
});

test("a delivery that failed is sent again, and its secret is shown and changed", async () => {
  await press("Send a test");
  await until("the test arrives", () => heard.length > 0);
  await until("the failure is written down", async () => (await deliveries())[0]?.answer === 500);
  await press("Newest");
  await page.locator("tbody").getByText("500").waitFor();
  await settled(page);
  await looks(page, "staff-webhook");
  answer = 204;
  await admin("POST", "/demo/clock", { advance: "10m" }); // it failed once or, on a busy machine, twice: five minutes
  await until("it comes again by itself", async () => (await deliveries())[0].state === "delivered");
  await press("Newest");
  const again = heard.length;
  await page.locator("tbody").getByRole("button", { name: "Send again" }).click();
  await until("it is sent again", () => heard.length > again);

  await press("Show the secret");
  const before = await once("Secret");
  await press("New secret");
  await dialog().getByRole("button", { name: "New secret" }).click();
  await page.waitForFunction((was) => document.querySelector("[data-once] code") && document.querySelector("[data-once] code").textContent !== was, before);
  const { json } = await admin("GET", `/v1/webhooks/${id}/secret`);
  assert.deepEqual([json.secret, json.previous], [await once("Secret"), before]);
  await settled(page);
  await looks(page, "staff-webhook-secret");
  await press("I have taken it down");

  const waiting = (await admin("GET", "/v1/withdrawals?status=in_review&account=ali-tao")).json.data[0].id;
  const { etag } = await admin("GET", `/v1/withdrawals/${waiting}`);
  await at.call("demo-reviewer", "POST", `/v1/withdrawals/${waiting}/review`, { decision: "reject", reason: "no" }, { headers: { "If-Match": etag } });
  await until("what happens arrives", async () => (await deliveries()).every((one) => one.state === "delivered") && (await deliveries()).length > 1);
  await press("Send the period again");
  await page.locator("[aria-invalid=true]").first().waitFor();
  const day = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10), count = heard.length;
  await page.getByLabel("From").fill(day(-2));
  await page.getByLabel("Before").fill(day(2));
  await press("Send the period again");
  await until("and once more", () => heard.length > count);
});

test("an endpoint is switched off, on, changed and deleted", async () => {
  await press("Switch off");
  await dialog().getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Switched off by a person").waitFor();
  assert.equal((await state()).state, "disabled");
  await accessible(page, "an endpoint that is off");
  await press("Change");
  await dialog().getByLabel("Detail").fill("Billing");
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.locator("main .lead", { hasText: "Billing" }).waitFor();
  assert.equal((await state()).state, "disabled", "a change leaves it as it is");
  await press("Switch on");
  await dialog().getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("button", { name: "Switch off" }).waitFor();
  await press("Delete");
  await accessible(page, "a deletion");
  await dialog().getByRole("button", { name: "Delete" }).click();
  await page.getByText("Nobody is told yet.").waitFor();
  assert.deepEqual((await admin("GET", "/v1/webhooks")).json.data, []);
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
