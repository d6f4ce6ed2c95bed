// SPDX-License-Identifier: Apache-2.0
// Bundles the console: node build.mjs DIRECTORY. Leaves index.html and demo.html, which name the rest, and beside each
// file what brotli makes of it (name.br). Names hold a hash of the content. Standard library and esbuild only.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? "dist");

// One file holds all words; each face of the console carries only its own: `words:customer` is what begins with
// "customer.", `words:common` what begins with neither face's name.
const FACES = ["customer", "staff"];
const words = {
  name: "words",
  setup(bundler) {
    bundler.onResolve({ filter: /^words:/ }, ({ path: name }) => ({ path: name.slice(6), namespace: "words" }));
    bundler.onLoad({ filter: /.*/, namespace: "words" }, async ({ path: face }) => {
      const file = path.join(here, "src/words.json");
      const all = Object.entries(JSON.parse(await readFile(file, "utf8")));
      const mine = all.filter(([key]) => (FACES.find((f) => key.startsWith(f + ".")) ?? "common") === face);
      return { contents: JSON.stringify(Object.fromEntries(mine)), loader: "json", watchFiles: [file] };
    });
  },
};

const result = await build({
  entryPoints: { console: path.join(here, "src/main.tsx"), icon: path.join(here, "src/icon.svg") },
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  splitting: true,
  minify: true,
  metafile: true,
  write: false,
  format: "esm",
  charset: "utf8",
  target: ["chrome123", "firefox120", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "copy" },
  publicPath: "/console",
  plugins: [words],
  logLevel: "warning",
  legalComments: "none",
});

const outputs = Object.entries(result.metafile.outputs).map(([name, about]) => ({ name: path.basename(name), ...about }));
const one = (test, what) => outputs.find(test)?.name ?? (() => { throw new Error(`the bundle has no ${what}`); })();
const script = one((o) => o.entryPoint?.endsWith("main.tsx"), "script");
const style = one((o) => o.name.startsWith("console-") && o.name.endsWith(".css"), "style");
const icon = one((o) => o.name.startsWith("icon-") && o.name.endsWith(".svg"), "icon");
const early = outputs.find((o) => o.name === script).imports.filter((i) => i.kind === "import-statement");

const template = await readFile(path.join(here, "index.html"), "utf8");
const page = (demo) =>
  template
    .replace("<!--demo-->", demo ? '<meta name="ebb-demo" content="yes">' : "")
    .replace("<!--early-->", early.map((i) => `<link rel="modulepreload" href="/console/${path.basename(i.path)}">`).join("\n"))
    .replaceAll("%script%", `/console/${script}`)
    .replaceAll("%style%", `/console/${style}`)
    .replaceAll("%icon%", `/console/${icon}`);

const files = new Map(result.outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)]));
files.set("index.html", Buffer.from(page(false)));
files.set("demo.html", Buffer.from(page(true)));

await mkdir(out, { recursive: true });
for (const [name, bytes] of files) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const packed = brotliCompressSync(bytes, { params });
  await writeFile(path.join(out, name), bytes);
  if (packed.length < bytes.length) await writeFile(path.join(out, name + ".br"), packed);
}
