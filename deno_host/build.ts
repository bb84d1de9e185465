// Run once for each version of Deno and of these files: prints, as JSON, the JavaScript of this folder's modules (starting a worker from
// TypeScript costs twice the time) and the names of Deno's builtin modules (all are mapped away in workers).
import { builtinModules, stripTypeScriptTypes } from "node:module";

const folder = new URL(".", import.meta.url), files: Record<string, string> = {};
for (const { name } of Deno.readDirSync(folder)) {
  if (!name.endsWith(".ts") || name === "build.ts") continue;
  const code = stripTypeScriptTypes(Deno.readTextFileSync(new URL(name, folder)), { mode: "strip" });
  files[name.replace(/\.ts$/, ".js")] = code.replaceAll(/(from "\.\/\w+)\.ts"/g, '$1.js"');
}
console.log(JSON.stringify({ files, builtins: builtinModules, deno: Deno.version.deno }));
