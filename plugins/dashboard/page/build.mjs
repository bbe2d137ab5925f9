// Bundles the page into the plugin's static/build folder, or, with --tests, the unit tests for node's test runner.
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const common = { absWorkingDir: here, bundle: true, target: "es2022", format: "esm", logLevel: "warning" };

if (process.argv.includes("--tests")) {
  const outdir = join(here, "node_modules/.cache/desk-tests");
  rmSync(outdir, { recursive: true, force: true });
  const tests = readdirSync(join(here, "tests")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: tests.map((name) => join("tests", name)),
    platform: "node",
    inject: ["tests/english.ts"],
    outdir,
    outExtension: { ".js": ".mjs" },
  });
} else {
  const outdir = process.env.INNBOX_PAGE_OUTPUT ?? join(here, "../innbox_dashboard/static/build");
  // One script for the page, and one for each language, of which the page loads the one that is read here.
  const notLanguages = new Set(["index.ts", "words.ts"]);
  const languages = readdirSync(join(here, "src/messages")).filter((name) => !notLanguages.has(name));
  await build({
    ...common,
    entryPoints: {
      desk: "src/main.tsx",
      ...Object.fromEntries(languages.map((name) => [`messages/${name.slice(0, -3)}`, `src/messages/${name}`])),
    },
    entryNames: "[dir]/[name]",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    outdir,
  });
}
