// The one process that turns TypeScript into JavaScript. It holds no user code that runs: texts go in, texts come out. Types are blanked
// in place where that is enough, so every character keeps its position; enums, namespaces and the like are reprinted, with a source map.
//
//   host -> transpiler   erase {id}, the text as blob
//   transpiler -> host   ready; erased {id, ok: true, mappings}, the JavaScript as blob; erased {id, ok: false, message, line, column}
import { stripTypeScriptTypes } from "node:module";
import { receive, send } from "./frames.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();
const MAP_COMMENT = "\n//# sourceMappingURL=data:application/json;base64,";

interface Fault {
  message: string;
  line: number;
  column: number;
}

function erase(text: string): { code: string; mappings: string } {
  try {
    return { code: stripTypeScriptTypes(text, { mode: "strip" }), mappings: "" };
  } catch (error) {
    if (String((error as Error).message).startsWith("[InvalidSyntax]")) throw error;
  }
  const out = stripTypeScriptTypes(text, { mode: "transform", sourceMap: true }), at = out.lastIndexOf(MAP_COMMENT);
  const map = JSON.parse(atob(out.slice(at + MAP_COMMENT.length).trim()));
  return { code: out.slice(0, at), mappings: map.mappings };
}

/** Where and why a text does not parse. Deno's module loader says it best; the import that cannot be resolved keeps it from running. */
async function diagnose(text: string, fallback: string): Promise<Fault> {
  const opening = "async()=>{", module = `${opening}${text}\n};import "none:none";`;
  try {
    await import("data:application/typescript;charset=utf-8," + encodeURIComponent(module));
  } catch (error) {
    const said = String((error as Error).message).match(/^(?:SyntaxError: )?([^\n]*)[^]*:(\d+):(\d+)$/);
    if (said && !said[1]!.startsWith("Unsupported scheme")) {
      const lines = text.split("\n"), line = Number(said[2]), column = Number(said[3]) - (line === 1 ? opening.length : 0);
      const last = lines.length;
      if (line > last) return { message: "Unexpected end of the program", line: last, column: [...lines[last - 1]!].length + 1 };
      return { message: said[1]!, line, column };
    }
  }
  return { message: fallback, line: 0, column: 0 };
}

send({ op: "ready" });
for (let frame = await receive(); frame !== null; frame = await receive()) {
  const { id } = frame.header, text = decoder.decode(frame.blob);
  try {
    const { code, mappings } = erase(text);
    send({ op: "erased", id, ok: true, mappings }, encoder.encode(code));
  } catch (error) {
    const [said] = String((error as Error).message).split("\n");
    send({
      op: "erased",
      id,
      ok: false,
      ...await diagnose(text, said!.replace("[InvalidSyntax] ", "").replace(/ at file:.*/, "")),
    });
  }
}
