// Bundles the chat page and the bubble's script into the Python package.
import { build } from "esbuild";

const outdir = process.env.INNBOX_PAGE_OUTPUT ?? "../innbox_webchat/static/build";
const common = { bundle: true, minify: true, target: ["es2022", "safari16.4"], charset: "utf8", logLevel: "warning" };

await Promise.all([
  build({ ...common, entryPoints: { chat: "src/main.ts" }, format: "esm", outdir }),
  build({ ...common, entryPoints: { chat: "src/chat.css" }, outdir }),
  build({ ...common, entryPoints: { embed: "src/embed.ts" }, format: "iife", outdir }),
]);
