"""The names that may not be used, each with its rule and what to write instead. The table in the docs is made from this."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """One forbidden name. `members` has a better repair for a use such as `process.exit` or `require("fs")`, by what is asked of it."""

    id: str
    name: str
    repair: str
    members: Mapping[str, str] = field(default_factory=dict[str, str])

    def advice(self, member: str) -> str:
        """The repair for this use; `member` is empty where the name stands alone."""
        found = self.members.get(member) or (self.members.get("*") if member else None)
        return (found or self.repair).replace("{member}", member)


_READ = "for files: await files.read(name); await files.list() tells what there is"
_WRITE = "for files: await files.write(name, textOrBytes)"
_FILES = "for files: await files.read(name), files.write(name, textOrBytes), files.list(), files.remove(name)"
_NAMES = "files have plain names here, such as data/rows.csv: await files.list()"
_NO_NETWORK = "there is no network here; work on data in the code, in variables or in files"
_NO_MODULES = "there are no modules; everything must be in the code"
_PACKAGES = {
    **dict.fromkeys(("fs", "fs/promises"), _FILES),
    "path": _NAMES,
    **dict.fromkeys(("http", "https", "net", "axios", "node-fetch"), _NO_NETWORK),
    "crypto": "crypto is there without a module: crypto.randomUUID(), crypto.getRandomValues(a), await crypto.subtle.digest(…)",
    "perf_hooks": "performance is there without a module",
    "url": "URL and URLSearchParams are there without a module",
    "util": "console.log prints any value; TextEncoder, TextDecoder and structuredClone are there without a module",
    "buffer": "use Uint8Array, TextEncoder and TextDecoder",
    "assert": "use console.assert, or throw an Error",
    "events": "EventTarget and CustomEvent are there without a module",
    "worker_threads": "there is one thread; write a plain loop, or split the work over calls",
    "lodash": "write it with what JavaScript has: Object.groupBy, map, reduce, toSorted, Set",
    **dict.fromkeys(("moment", "dayjs", "date-fns", "luxon"), "use Date, Intl.DateTimeFormat and Temporal"),
}
_ALONE = "write {member} alone: top-level names persist"

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in [
        Rule("no-eval", "eval", "write the code itself; strings cannot be run"),
        Rule("no-function-constructor", "Function", "write the function itself; strings cannot be run"),
        Rule(
            "no-require", "require", _NO_MODULES, {"main": "this is always the main program: call the function itself", **_PACKAGES}
        ),
        Rule(
            "no-process",
            "process",
            "there is no process here; use plain variables and console.log",
            {
                "exit": "end with return",
                "stdout": "use console.log instead of process.stdout.write",
                "stderr": "use console.error instead of process.stderr.write",
                "env": "there is no environment here; put values into the code",
                "argv": "there are no arguments here; put values into the code",
                "nextTick": "use queueMicrotask(f)",
                "hrtime": "use performance.now()",
                "memoryUsage": "the answer's usage tells the memory",
            },
        ),
        *(
            Rule("no-global-object", name, "top-level names persist by themselves", {"*": _ALONE})
            for name in ("globalThis", "global", "window", "self")
        ),
        Rule(
            "no-deno",
            "Deno",
            "there is no Deno object here; use what JavaScript has",
            {
                **dict.fromkeys(("readTextFile", "readFile", "readTextFileSync", "readFileSync", "readDir", "readDirSync"), _READ),
                **dict.fromkeys(("writeTextFile", "writeFile", "writeTextFileSync", "writeFileSync"), _WRITE),
                **dict.fromkeys(("open", "stat", "mkdir", "remove", "rename", "copyFile"), _FILES),
                "env": "there is no environment here; put values into the code",
                "args": "there are no arguments here; put values into the code",
                "exit": "end with return",
                "inspect": "use console.log, or make the value the last expression",
            },
        ),
        *(Rule("no-network", name, _NO_NETWORK) for name in ("fetch", "WebSocket", "XMLHttpRequest", "EventSource")),
        Rule("no-worker", "Worker", "there is one thread; write a plain loop, or split the work over calls"),
        Rule("no-wasm", "WebAssembly", "write it in TypeScript"),
        *(Rule("no-shared-memory", name, "use ArrayBuffer and typed arrays") for name in ("SharedArrayBuffer", "Atomics")),
        *(Rule("no-web-storage", name, "top-level variables persist") for name in ("localStorage", "sessionStorage", "caches")),
        *(Rule("no-dialog", name, "nobody is there to answer; put the value into the code") for name in ("prompt", "confirm")),
        Rule("no-dialog", "alert", "use console.log"),
        Rule("no-dom", "navigator", "this is no browser"),
        Rule("no-dom", "document", "this is no browser; build strings instead of elements"),
        Rule(
            "no-buffer",
            "Buffer",
            "use Uint8Array, TextEncoder and TextDecoder",
            {
                "from": "Buffer.from(s, 'base64') is Uint8Array.fromBase64(s), Buffer.from(s) is new TextEncoder().encode(s)",
                "alloc": "use new Uint8Array(n)",
                "concat": "use Uint8Array and set",
            },
        ),
        *(Rule("no-modules", name, "end with the value itself as the last expression") for name in ("module", "exports")),
        *(Rule("no-files", name, _NAMES) for name in ("__dirname", "__filename")),
    ]
}

IMPORT = Rule("no-import", "import", "there are no modules and packages; everything must be in the code", _PACKAGES)
IMPORT_META = ("no-import-meta", "the code is no module; put values into the code")
DECORATOR = ("no-decorators", "V8 has no decorators; call a function on the class or method instead")
ACCESSOR = ("no-accessor-fields", "V8 has no accessor fields; write a getter and a setter")
FENCE = ("code-fence", "send the code alone, without the ``` around it")
CODE_SIZE, STRING_SIZE, DEPTH, COMPUTED = "code-size", "string-size", "code-depth", "computed-name"
