// SPDX-License-Identifier: Apache-2.0
// How the console is served, and what surrounds every screen.
import { accessible, assert, house, looks, picture, settled, signIn, test } from "./house.mjs";

const at = await house(), plain = await house({ demo: false });

async function fetched(path, headers = {}) {
  const response = await fetch(at.address + path, { headers });
  return { response, text: await response.text() };
}

test("the page and what it names are served strictly", async () => {
  const { response, text } = await fetched("/");
  const policy = response.headers.get("Content-Security-Policy");
  for (const word of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"])
    assert.ok(policy.includes(word), word);
  assert.ok(!/unsafe|data:|\*/.test(policy));
  assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
  assert.equal(response.headers.get("Referrer-Policy"), "no-referrer");
  assert.equal(response.headers.get("Cache-Control"), "no-cache");
  assert.ok(!/<style|<script>|style=|onclick/.test(text), "nothing stands inline");
  const named = [...text.matchAll(/(?:href|src)="(\/console\/[^"]+)"/g)].map((match) => match[1]);
  assert.ok(named.length >= 3);
  for (const path of named) {
    const { response: file } = await fetched(path);
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get("Cache-Control"), /immutable/);
    assert.equal(file.headers.get("X-Content-Type-Options"), "nosniff");
    const { response: known } = await fetched(path, { "If-None-Match": file.headers.get("ETag") });
    assert.equal(known.status, 304, path);
  }
});

test("brotli goes to those who take it, the same bytes to the others", async () => {
  const { text } = await fetched("/");
  const script = /src="(\/console\/[^"]+)"/.exec(text)[1];
  const coding = async (accept) => (await fetched(script, { "Accept-Encoding": accept })).response.headers.get("Content-Encoding");
  assert.equal(await coding("gzip, br"), "br");
  assert.equal(await coding("br;q=1.0"), "br");
  for (const accept of ["identity", "gzip", "br;q=0", "br;q=0.0, gzip", "brr"]) assert.equal(await coding(accept), null, accept);
  const plain = await fetched(script, { "Accept-Encoding": "identity" });
  const packed = await fetched(script, { "Accept-Encoding": "br" });
  assert.equal(packed.text, plain.text);
});

test("what is not there is missing", async () => {
  for (const path of ["/console/nothing.js", "/console/index.html", "/console/demo.html", "/console/..%2f..%2fetc"])
    assert.equal((await fetched(path)).response.status, 404, path);
});

test("the sign-in screen, in every look", async () => {
  const page = await at.page();
  await page.locator("[data-person]").first().waitFor();
  await looks(page, "sign-in");
  await page.context().close();
});

test("without the demo: its own sign-in, which refuses strangers beside the form", async () => {
  const page = await plain.page();
  await page.getByLabel("User name").fill("nobody");
  await looks(page, "sign-in-plain");
  await page.getByLabel("Password").fill("not the password of anybody");
  await page.getByRole("button", { name: "Sign in" }).last().click();
  await page.getByText("That does not sign anybody in.").waitFor();
  assert.equal(await page.getByLabel("User name").inputValue(), "nobody");
  assert.equal(await page.locator("[data-person]").count(), 0);
  await page.context().close();
});

test("every person of the demo has an account", async () => {
  const page = await at.page();
  const tokens = await page.locator("[data-person]").evaluateAll((cards) => cards.map((card) => card.dataset.person));
  assert.ok(tokens.length >= 12);
  for (const token of tokens) {
    const account = /^demo-customer:(.+)$/.exec(token)?.[1];
    const answer = await at.call(token, "GET", account ? `/v1/accounts/${account}` : "/v1/accounts?limit=1");
    assert.equal(answer.status, 200, token);
  }
  await page.context().close();
});

test("language and theme outlive a reload", async () => {
  const page = await at.page();
  await signIn(page, "demo-customer:ali-wei");
  await page.locator("[data-language]").click();
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  await page.locator("[data-theme]").click();
  const scheme = await page.evaluate(() => document.documentElement.style.colorScheme);
  await page.reload();
  await settled(page);
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  assert.equal(await page.evaluate(() => document.documentElement.style.colorScheme), scheme);
  await page.context().close();
});

test("by keyboard alone: in, over the skip link, and out", async () => {
  const page = await at.page();
  await page.locator("[data-person]").first().waitFor();
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement?.dataset.person === "demo-customer:ali-wei")) break;
  }
  await page.keyboard.press("Enter");
  await page.locator(".page h1").waitFor();
  await settled(page);
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "content");
  await page.context().close();
});

test("staff see their own face", async () => {
  const page = await at.page();
  await signIn(page, "demo-reviewer");
  await settled(page);
  await accessible(page, "staff");
  await picture(page, "staff");
  await page.context().close();
});

test("a link of the operator's site signs in, and leaves no token in the address", async () => {
  const page = await at.page({ as: "demo-customer:ali-wei" });
  assert.doesNotMatch(page.url(), /token|ali-wei/);
  await page.reload();
  await page.locator(".page h1").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("[data-person]").first().waitFor();
  await page.reload();
  await page.locator("[data-person]").first().waitFor();
  await page.goto("/#/enter?token=demo-customer%3Anobody%20at%20all");
  await page.locator("[data-person]").first().waitFor();
  await page.context().close();
});

test("another tab's sign-out leaves nothing of the customer in this one", async () => {
  const page = await at.page({ as: "demo-customer:ali-wei" });
  const other = await page.context().newPage();
  await other.goto("/");
  await other.getByRole("button", { name: "Sign out" }).click();
  await page.locator("[data-person]").first().waitFor();
  await page.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual([...at.complaints, ...plain.complaints], []);
});
