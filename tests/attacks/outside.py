"""Programs that reach for what is outside: files, the environment, the network, other processes.

`%canary` is a file with a secret in it, `%home` a folder of the tester's, `%port` a port that the test listens on, `%pid` the server's.
"""

from tests.attacks.attack import Attack

_GONE = "ReferenceError: {} is not defined"
_DENIED = r"PermissionDenied|os error (1|13)\b|EPERM|EACCES|NotCapable"
_OFF = "Error: imports are disabled"


def deno(name: str, body: str, unwalled: str | None = _DENIED) -> Attack:
    return Attack(name, body, "no-deno", _GONE.format("Deno"), unwalled)


def module(name: str, module: str, body: str, unwalled: str | None = _DENIED) -> Attack:
    return Attack(name, f"const m = (await import('{module}')).default; {body}", "no-import", _OFF, unwalled)


FILES = [
    deno("read a file", "return Deno.readTextFileSync('%canary')"),
    deno("read a file of the system", "return Deno.readTextFileSync('/etc/passwd')"),
    deno("read a file asynchronously", "return await Deno.readTextFile('%canary')"),
    deno("open a file", "return (await Deno.open('%canary')).rid"),
    deno("list a folder", "return [...Deno.readDirSync('%home')].length"),
    deno("stat is not reading", "return Deno.statSync('%home/nothing').size", r"NotFound|" + _DENIED),
    deno("write a file", "return Deno.writeTextFileSync('%home/new', 'x')"),
    deno("write into shared memory", "return Deno.writeTextFileSync('/dev/shm/codeexec-attack', 'x')"),
    deno("remove a file", "return Deno.removeSync('%canary')"),
    deno("rename a file", "return Deno.renameSync('%canary', '%canary2')"),
    deno("link to a file", "return Deno.symlinkSync('%canary', '%home/link')"),
    deno("change a file's mode", "return Deno.chmodSync('%canary', 0o777)"),
    deno("make a temporary file", "return Deno.makeTempFileSync()"),
    deno("through /proc/self/root", "return Deno.readTextFileSync('/proc/self/root%canary')"),
    deno("through a descriptor", "return [...Deno.readDirSync('/proc/self/fd')].length", _DENIED),
    module("node's fs", "node:fs", "return m.readFileSync('%canary', 'utf8')"),
    module("node's fs without the scheme", "fs", "return m.readFileSync('%canary', 'utf8')", None),
    module("node's fs/promises", "node:fs/promises", "return await m.readFile('%canary', 'utf8')"),
    module("node's sqlite", "node:sqlite", "return new m.DatabaseSync('%home/db')", r"unable to open|" + _DENIED),
    Attack(
        "a file as text",
        "return (await import('%canary', { with: { type: 'text' } })).default",
        "no-import",
        r"TypeError",
        r"TypeError|" + _DENIED,
    ),
    Attack(
        "a file as JSON",
        "return (await import('file://%canary', { with: { type: 'json' } })).default",
        "no-import",
        "TypeError",
        None,
    ),
    Attack(
        "a module of the harness",
        "return Object.keys(await import(Error().stack.match(/file:[^:)]*/)?.[0] ?? 'file:///x.js'))",
        "no-import",
        "TypeError|Error",
    ),
    Attack("a static import", "import x from '%canary' with { type: 'text' }; x", "no-import", "SyntaxError", None, plain=True),
    Attack("a file of a parent folder", "return await files.read('../../etc/passwd')", "there is no file", "there is no file"),
    Attack("an absolute file", "return await files.read('/etc/passwd')", "there is no file", "there is no file"),
    Attack("write above the workspace", "return await files.write('../x', 'x')", "cannot be the name", "cannot be the name"),
    Attack(
        "a host call by hand",
        "return await files.read({ toString() { return 'a' } })",
        "the name of a file is a string",
        "is a string",
    ),
    Attack(
        "storage on disk",
        "localStorage.setItem('a', 'b'); return 1",
        "no-web-storage",
        _GONE.format("localStorage"),
        _DENIED + "|Error",
    ),
    Attack("the cache", "return String(await caches.open('v1'))", "no-web-storage", _GONE.format("caches"), r"Error"),
]

ENVIRONMENT = [
    deno("the environment", "return JSON.stringify(Deno.env.toObject())", r"done: \{[^}]*\"TZ\":\"UTC\"[^}]*\}"),
    deno("the server's environment", "return Deno.readTextFileSync('/proc/%pid/environ')"),
    deno("the server's command line", "return Deno.readTextFileSync('/proc/%pid/cmdline')"),
    deno("its own environment", "return Deno.readTextFileSync('/proc/self/environ')"),
    deno("the host's name", "return Deno.readTextFileSync('/etc/hostname')"),
    deno("the path of Deno", "return Deno.execPath()", None),
    Attack(
        "process.env", "return JSON.stringify(process.env)", "no-process", _GONE.format("process"), r"done: \{.*\"TZ\":\"UTC\".*\}"
    ),
    Attack(
        "the constructor's process",
        "return this.constructor.constructor('return process')()",
        r"EvalError|TypeError",
        r"EvalError|TypeError",
    ),
    Attack("the platform", "return navigator.userAgent", "no-dom", _GONE.format("navigator"), None),
    Attack(
        "the path in a stack",
        "return new Error().stack",
        r"done: Error\n(?!.*(file:|/session_worker))",
        r"done: Error\n(?!.*(file:|/session_worker))",
    ),
    Attack(
        "the path in a deep stack",
        "return [1].map(() => new Error().stack)[0]",
        r"done: Error\n(?!.*file:)",
        r"done: Error\n(?!.*file:)",
    ),
]

NETWORK = [
    Attack(
        "fetch", "return (await fetch('http://127.0.0.1:%port/')).status", "no-network", _GONE.format("fetch"), r"TypeError: .*"
    ),
    Attack("a socket", "return new WebSocket('ws://127.0.0.1:%port').readyState", "no-network", _GONE.format("WebSocket"), None),
    Attack(
        "events", "return new EventSource('http://127.0.0.1:%port').readyState", "no-network", _GONE.format("EventSource"), None
    ),
    deno("TCP", "return (await Deno.connect({ port: %port })).rid"),
    deno("a listener", "return Deno.listen({ port: 0 }).addr.port"),
    deno("a server", "return Deno.serve({ port: 0 }, () => new Response('x')).addr.port"),
    deno(
        "a unix socket",
        "return (await Deno.connect({ transport: 'unix', path: '/run/systemd/notify' })).rid",
        _DENIED + "|NotFound",
    ),
    deno("names", "return (await Deno.resolveDns('localhost', 'A'))[0]", r"Error|" + _DENIED),
    module("node's net", "node:net", "return await new Promise((r, j) => m.connect(%port, '127.0.0.1', r).on('error', j))"),
    module("node's http", "node:http", "return await new Promise((r, j) => m.get('http://127.0.0.1:%port', r).on('error', j))"),
    module(
        "node's dgram",
        "node:dgram",
        "return await new Promise((r, j) => m.createSocket('udp4').on('error', j).send('x', %port, '127.0.0.1', (e) => e ? j(e) : r()))",
    ),
    Attack("a remote module", "return await import('https://127.0.0.1:%port/x.js')", "no-import", "TypeError", r"TypeError"),
    Attack("a package", "return await import('npm:lodash')", "no-import", "TypeError", r"TypeError|Error"),
]

PROCESSES = [
    deno("a shell", "return new Deno.Command('/bin/sh', { args: ['-c', 'id'] }).outputSync().code"),
    deno("Deno again", "return new Deno.Command(Deno.execPath(), { args: ['--version'] }).outputSync().code"),
    deno("a signal to the server", "return Deno.kill(%pid, 'SIGKILL')"),
    deno("a signal to everybody", "return Deno.kill(-1, 'SIGKILL')", r"TypeError|" + _DENIED),
    deno("a library", "return Deno.dlopen('libc.so.6', { getpid: { parameters: [], result: 'i32' } }).symbols.getpid()", None),
    deno(
        "another user",
        "return Deno.dlopen('libc.so.6', { setuid: { parameters: ['i32'], result: 'i32' } }).symbols.setuid(1)",
        "done: -1",
    ),
    deno(
        "another process", "return Deno.dlopen('libc.so.6', { fork: { parameters: [], result: 'i32' } }).symbols.fork()", "done: -1"
    ),
    module("node's child_process", "node:child_process", "return m.execSync('id').toString()", r"Error|" + _DENIED),
    module("node's cluster", "node:cluster", "return m.fork().process.pid", "done: undefined"),
    Attack(
        "a thread", "return new Worker('data:text/javascript,1', { type: 'module' })", "no-worker", _GONE.format("Worker"), None
    ),
    Attack("the end of the process", "process.exit(1)", "no-process", _GONE.format("process"), None),
    Attack("the end of Deno", "Deno.exit(0)", "no-deno", _GONE.format("Deno"), None),
    Attack("require", "return require('child_process').execSync('id')", "no-require", _GONE.format("require"), None),
]
