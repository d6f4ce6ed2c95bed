// SPDX-License-Identifier: Apache-2.0
// What can be said of the console without a browser: its types, its weight, and its words. node check_console.mjs CONSOLE
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

const console_ = path.resolve(process.argv[2] ?? "console");
const TOTAL_BYTES_MAX = 90_000, FIRST_BYTES_MAX = 45_000;

const sources = readdirSync(path.join(console_, "src"), { recursive: true })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(path.join(console_, "src", name), "utf8") }));

test("the types hold", () => {
  execFileSync(process.execPath, [path.join(console_, "node_modules/typescript/bin/tsc"), "-p", console_], { stdio: ["ignore", 2, 2] });
});

test("it weighs no more than it may", (t) => {
  const out = mkdtempSync(path.join(tmpdir(), "ebb-console-"));
  try {
    execFileSync(process.execPath, [path.join(console_, "build.mjs"), out], { stdio: ["ignore", 2, 2] });
    const names = readdirSync(out);
    const weight = (name) => readFileSync(path.join(out, names.includes(name + ".br") ? name + ".br" : name)).length;
    const files = names.filter((name) => !name.endsWith(".br"));
    const page = readFileSync(path.join(out, "index.html"), "utf8");
    const first = ["index.html", ...[...page.matchAll(/\/console\/([^"]+)"/g)].map((match) => match[1])];
    const sum = (some) => some.reduce((bytes, name) => bytes + weight(name), 0);
    t.diagnostic(`all ${sum(files)} bytes in brotli, first load ${sum(first)}`);
    assert.ok(sum(files) <= TOTAL_BYTES_MAX, `all: ${sum(files)} of ${TOTAL_BYTES_MAX}`);
    assert.ok(sum(first) <= FIRST_BYTES_MAX, `first load: ${sum(first)} of ${FIRST_BYTES_MAX}`);
    assert.ok(files.filter((name) => /^face-/.test(name)).length === 2, "customers and staff load their own code");
  } finally {
    rmSync(out, { recursive: true });
  }
});

const raw = readFileSync(path.join(console_, "src/words.json"), "utf8");
const words = JSON.parse(raw);

test("every key has words in both languages, with the same blanks", () => {
  const seen = [...raw.matchAll(/^\s*"([^"]+)":/gm)].map((match) => match[1]);
  assert.deepEqual(seen.filter((key, index) => seen.indexOf(key) !== index), [], "keys that stand twice");
  for (const [key, pair] of Object.entries(words)) {
    assert.ok(Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === "string" && text.trim() !== ""), key);
    const blanks = pair.map((text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort());
    assert.deepEqual(blanks[0], blanks[1], key);
    assert.ok(!/[\u4e00-\u9fff]/.test(pair[0]), `${key}: Chinese in the English words`);
    assert.ok(!/[\u4e00-\u9fff]\s*[,;:!?](?!\d)/.test(pair[1]), `${key}: a Western mark between Chinese words`);
    assert.ok(!/\.$|\.\.\./.test(pair[1]), `${key}: a Western full stop in the Chinese words`);
  }
});

test("every key is used, and every used key is there", () => {
  const code = sources.filter(({ name }) => !name.endsWith("words.ts")).map(({ text }) => text).join("\n");
  const families = new Set([...code.matchAll(/(?:tOf|hasWords|codeText)\(\s*"([^"]+)"/g)].map((match) => match[1]));
  for (const [, family] of code.matchAll(/family="([^"]+)"|family = "([^"]+)"/g)) families.add(family);
  for (const family of ["status", "leg"]) families.add(family);
  families.delete(undefined);
  const named = new Set([...code.matchAll(/"([a-z_]+(?:\.[a-z_]+)+)"/g)].map((match) => match[1]));
  for (const key of Object.keys(words))
    assert.ok(named.has(key) || [...families].some((family) => key.startsWith(family + ".")), `nobody uses ${key}`);
  for (const [, key] of code.matchAll(/\bt\(\s*"([^"]+)"/g)) assert.ok(key in words, `${key} has no words`);
  for (const family of families) assert.ok(Object.keys(words).some((key) => key.startsWith(family + ".")), `family ${family} has no words`);
});

test("no person's words stand in the code", () => {
  for (const { name, text } of sources) {
    if (name === "demo.ts") continue;
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const found = /[\u4e00-\u9fff\uff00-\uffef]+/.exec(code.replaceAll('"中文"', "").replaceAll('[English, 中文]', ""));
    assert.ok(found === null || /[￥。]/.test(found[0]), `${name}: ${found?.[0]}`);
  }
});

test("what only staff's screens are styled with is no name of the others", () => {
  const names = (file) => new Set([...readFileSync(path.join(console_, "src", file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/(?:^|[}\n,])\s*\.([a-z][a-z-]*)(?=\s*\{)/g)].map((match) => match[1]));
  const base = names("style.css");
  assert.deepEqual([...names("staff/staff.css")].filter((name) => base.has(name)), []);
});

test("amounts are not divided, and nothing is inline", () => {
  for (const { name, text } of sources) {
    assert.ok(!/dangerouslySetInnerHTML|innerHTML|\beval\(/.test(text), name);
    assert.ok(!/(?:amount|minor|withdrawable|remaining|cash)\s*\/|parseFloat|toFixed/.test(text), `${name}: arithmetic with fractions`);
    assert.ok(text.startsWith("// SPDX-License-Identifier: Apache-2.0"), name);
    assert.ok(text.split("\n").length <= 400, `${name} is too long`);
  }
});
