// SPDX-License-Identifier: Apache-2.0
// Every screen of the customers' face in every look: both languages, both themes, 360 and 1440 pixels; axe finds nothing.
import { accessible, assert, house, looks, picture, settled, test } from "./house.mjs";

const at = await house();

/** Several screens of one customer, all in one page. */
function screens(who, list) {
  test(`${who}: ${list.map(([name]) => name).join(", ")}`, async () => {
    const page = await at.page({ as: `demo-customer:${who}` });
    for (const [name, hash] of list) {
      await page.goto("/#" + hash);
      await settled(page);
      await looks(page, `${who}-${name}`);
    }
    await page.context().close();
  });
}

async function firstOf(account, status) {
  const { json } = await at.call("demo-admin", "GET", `/v1/withdrawals?account=${account}${status ? `&status=${status}` : ""}`);
  return json.data[0].id;
}

screens("ali-corp", [["overview", "/"]]);
screens("ali-adjust", [["overview", "/"]]);
screens("jd-chen", [["overview", "/"], ["topups", "/topups"], ["cases", "/cases"]]);
screens("ali-frozen", [["overview", "/"], ["nothing", "/withdraw"]]);
screens("ali-nanjing", [["records", "/records"], ["topups", "/topups"], ["amount", "/withdraw"]]);
screens("ali-group", [["members", "/members"], ["member", "/?account=ali-corp"]]);

test("a record under review, one paid, one rejected, and a receipt", async () => {
  for (const [who, status, part] of [["ali-nanjing", "in_review", ""], ["ali-wei", "successful", ""], ["hw-lin", "rejected", ""], ["pa-sun", "successful", "/receipt"]]) {
    const id = await firstOf(who, status);
    const page = await at.page({ as: `demo-customer:${who}` });
    await page.goto(`/#/records/${id}${part}`);
    await settled(page);
    await looks(page, `${who}-${status}${part.replace("/", "-")}`);
    await page.context().close();
  }
});

test("the steps of a withdrawal to a bank account", async () => {
  const page = await at.page({ as: "demo-customer:ali-nanjing" });
  await page.goto("/#/withdraw");
  await page.getByLabel("How much?").fill("200.00");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("radio", { name: /bank account you name/ }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await page.locator(".field.wrong").first().waitFor();
  await looks(page, "step-route-wrong");
  await page.getByLabel("Reason").selectOption("window_passed");
  await page.getByLabel("Account name").fill("金陵数据有限公司");
  await page.getByLabel("Account number").fill("3201 0000 0000 001");
  await page.getByRole("combobox", { name: "Find bank or branch" }).fill("南京");
  await page.locator("[role=option]").nth(1).waitFor();
  await accessible(page, "step-route-search");
  await picture(page, "step-route-search");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.notEqual(await page.getByLabel("Branch", { exact: true }).inputValue(), "");
  assert.equal(await page.getByLabel("City", { exact: true }).inputValue(), "南京");
  await page.setInputFiles("input[type=file]", { name: "form.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") });
  await page.locator(".attached li").waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: /Confirm/ }).waitFor();
  await looks(page, "step-review");
  await page.getByRole("button", { name: /Confirm/ }).click();
  await page.locator("[data-code]").waitFor();
  await looks(page, "step-code");
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Enter the code" }).click();
  await page.locator(".field.wrong").waitFor();
  await looks(page, "step-code-wrong");
  await page.getByLabel("Code").fill(await at.code("ali-nanjing"));
  await page.getByRole("button", { name: "Enter the code" }).click();
  await page.getByRole("link", { name: "Follow it" }).waitFor();
  await looks(page, "step-done");
  await page.context().close();
});

test("the session ended, and the server out of reach", async () => {
  const page = await at.page({ as: "demo-customer:ali-corp" });
  await page.goto("/#/topups");
  await settled(page);
  await page.context().clearCookies();
  await page.goto("/#/records");
  await page.getByRole("dialog").waitFor();
  await accessible(page, "session-ended");
  await picture(page, "session-ended");
  await page.getByRole("dialog").getByRole("button", { name: "Sign in again" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.route("**/v1/**", (route) => route.abort("connectionreset"));
  await page.goto("/#/cases");
  await page.locator(".offline").waitFor();
  await page.locator(".note").first().waitFor({ timeout: 20_000 });
  await accessible(page, "offline");
  await picture(page, "offline");
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.getByRole("button", { name: "Ask again" }).first().click();
  await page.locator(".offline").waitFor({ state: "detached" });
  await page.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(at.complaints, []);
});
