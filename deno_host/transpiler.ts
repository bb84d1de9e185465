// The one process that turns TypeScript into JavaScript. It holds no user code that runs: texts go in, texts come out. Types are blanked
// in place where that is enough, so every character keeps its position; enums, namespaces and the like are reprinted, with a source map.
//
//   host -> transpiler   erase {id}, the text as blob
//   transpiler -> host   ready; erased {id, ok: true, mappings}, the JavaScript as blob; erased {id, ok: false, message, line, column}
import { stripTypeScriptTypes } from "node:module";
import { receiveBlocking, send } from "./frames.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });
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

/** Where and why a text does not parse: only the mode that reprints says it, in words meant for a terminal. */
function diagnose(text: string, fallback: string): Fault {
  try {
    stripTypeScriptTypes(text, { mode: "transform" });
  } catch (error) {
    const said = String((error as Error).message).match(/^(?:SyntaxError: )?(.*?)(\n[^]*?\n {4}| )at file:\/\/\S*:(\d+):(\d+)/);
    if (said) return faultAt(text, said[1]!, Number(said[3]), Number(said[4]), said[2] === " " ? 4 : 2);
  }
  return { message: fallback, line: 0, column: 0 };
}

/** A fault at a column as shown, where a tab is `tab` wide and a byte order mark is nothing. */
function faultAt(text: string, message: string, line: number, shown: number, tab: number): Fault {
  const lines = text.split("\n"), characters = [...lines[line - 1] ?? ""];
  let column = line === 1 && characters[0] === "\ufeff" ? 2 : 1;
  for (let at = 1; at < shown; column++) at += characters[column - 1] === "\t" ? tab : 1;
  const rest = [characters.slice(column - 1).join(""), ...lines.slice(line)].join("");
  return { message: rest.trim() === "" ? "Unexpected end of the program" : message, line, column };
}

send({ op: "ready" });
for (let frame = receiveBlocking(); frame !== null; frame = receiveBlocking()) {
  const { id } = frame.header, text = decoder.decode(frame.blob);
  try {
    const { code, mappings } = erase(text);
    send({ op: "erased", id, ok: true, mappings }, encoder.encode(code));
  } catch (error) {
    const [said] = String((error as Error).message).split("\n");
    send({ op: "erased", id, ok: false, ...diagnose(text, said!.replace("[InvalidSyntax] ", "")) });
  }
}
