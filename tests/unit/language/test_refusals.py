"""What the validator refuses, where, and what it lets pass."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator, syntax_fault
from mcp_codeexec.model import Erased

VALIDATOR = CodeValidator()
KB = 1_024
FULL = 100 * KB


def refused(text: str, names: Collection[str] = ()) -> str:
    return " ".join(f"{v.rule}@{v.line}:{v.column}" for v in VALIDATOR.check(text, names).violations)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("eval('1')", "no-eval@1:1"),
        ("\\u0065val('1')", "no-eval@1:1"),
        ("\\u{65}val('1')", "no-eval@1:1"),
        ("'😀'; eval('x')", "no-eval@1:6"),
        ("new Function('return 1')", "no-function-constructor@1:5"),
        ("class A extends Function {}", "no-function-constructor@1:17"),
        ("({eval})", "no-eval@1:3"),
        ("`${eval}`", "no-eval@1:4"),
        ("typeof (eval)('1')", "no-eval@1:9"),
        ("{ let self = 1 }\nself", "no-global-object@2:1"),
        ("function f(cb: (process: any) => void) { process.exit() }", "no-process@1:42"),
        ("declare const process: any\nprocess.exit()", "no-process@2:1"),
        ("eval; fetch('x'); Deno", "no-eval@1:1 no-network@1:7 no-deno@1:19"),
        ("import fs from 'fs'", "no-import@1:1"),
        ("await import('fs')", "no-import@1:7"),
        ("type A = import('x').Y; const z = (await import('x')) as import('y').Z", "no-import@1:42"),
        ("export * from 'x'", "no-import@1:1"),
        ("import.meta.url", "no-import-meta@1:1"),
        ("@dec class A {}", "no-decorators@1:1"),
        ("class A { accessor x = 1 }", "no-accessor-fields@1:11"),
        ("class A { static accessor #x = 1 }", "no-accessor-fields@1:11"),
        (f"'{'x' * (10 * KB + 1)}'", "string-size@1:1"),
        (f"'{'é' * (5 * KB + 1)}'", "string-size@1:1"),
        ("`" + r"x\n" * 4_000 + "`", "string-size@1:1"),
        ("`ab${1}" + "x" * (10 * KB + 1) + "`", "string-size@1:8"),
        ("(" * FULL, "code-depth@1:1001"),
        ("1+" * 1_100 + "1", "code-depth@1:1"),
        ("x" * (FULL + 1), "code-size@1:1"),
        ("```ts\n1 + 1\n```", "code-fence@1:1"),
        ("\n```\n1 + 1\n```\n", "code-fence@1:1"),
        ("1;\n{ a, b: process.env }", "no-process@2:9"),
    ],
)
def test_what_cannot_run_is_refused_at_its_place(text: str, rules: str) -> None:
    assert refused(text) == rules


@pytest.mark.parametrize(
    "text",
    [
        "typeof process",
        "typeof (process)",
        "f instanceof Function",
        "const g = (cb: Function) => cb()",
        "({process: 1, fetch() {}}).process",
        "a.eval.constructor.name",
        "'eval' + `require` // process",
        "const {process} = {process: 1}; process",
        "class Worker {}; new Worker()",
        "function f({fetch}, ...module) { return fetch(module) }",
        "process => process",
        "try {} catch (self) { self }",
        "for (const window of []) window",
        "{ var document = 1 } document",
        "{ function alert() {} } alert()",
        "import type { A } from 'a'",
        "export type { A } from 'x'",
        "class A { accessor = 1 }",
        "class A { accessor\n z = 1 }",
        f"'{'x' * 10 * KB}'",
        "`" + "${1}x" * 9_000 + "`",
        "const a = ;",
        "'```'",
        "type T = typeof process",
        "let w: typeof window",
        "x as Deno.Conn",
        "let f: (process: string) => typeof process",
        "class A implements Deno.Reader {}",
        "declare module 'x' { const process: typeof window }",
        "f<typeof process>()",
        "type A = typeof import('fs'); type B = import('x').Y<string>",
        "let a: import('x').Y = b as import('y').Z",
        "const c = d satisfies typeof import('x')",
        "class A implements import('x').Y {}",
    ],
)
def test_what_only_looks_forbidden_passes(text: str) -> None:
    assert refused(text) == ""


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("process.exit(0)", "end with return"),
        ("process.stdout.write('x')", "use console.log instead of process.stdout.write"),
        ("process.foo", "there is no process here"),
        ("globalThis.total = 1", "write total alone"),
        ("Buffer.from('aGk=', 'base64')", "Uint8Array.fromBase64(s)"),
        ("import fs = require('fs')", "for files: await files.read(name)"),
        ("const fs = require('fs')", "for files: await files.read(name)"),
        ("require('node:fs/promises')", "for files: await files.read(name)"),
        ("import { randomUUID } from 'node:crypto'", "crypto.randomUUID()"),
        ("import _ from 'npm:lodash@4/groupBy'", "Object.groupBy"),
        ("await import('axios')", "there is no network here"),
        ("export * from 'unknown'", "there are no modules"),
        ("require(name)", "there are no modules"),
        ("if (require.main === 1) main()", "call the function itself"),
        ("module.exports = {}", "as the last expression"),
        ("x['pro' + 'cess']", ""),
    ],
)
def test_a_refusal_says_what_to_write_instead(text: str, part: str) -> None:
    violations = VALIDATOR.check(text).violations
    assert part in (violations[0].message if violations else "")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("const a = [1].map(x => x)", True),
        ("class A { #x = 1; static y; get z() { return 1 } }", True),
        ("const a = 1; { a, b: 2 }", True),
        ("a < b > c", True),
        ("const a = ;", False),
        ("eval", False),
        ("let a: number", False),
        ("f<number>(1)", False),
        ("a as b", False),
        ("a!", False),
        ("class A { private x = 1 }", False),
        ("class A { x?: number }", False),
        ("function f(a?) {}", False),
        ("enum A {}", False),
        ("namespace N {}", False),
        ("type T = 1", False),
        ("interface I {}", False),
        ("declare const a", False),
        ("abstract class A {}", False),
        ("export const a = 1", False),
        ("import type { A } from 'a'", False),
        ("import a = N.b", False),
    ],
)
def test_a_text_is_plain_when_nothing_has_to_be_erased(text: str, plain: bool) -> None:
    assert VALIDATOR.check(text).plain == plain


def test_a_computed_name_is_only_warned_of() -> None:
    verdict = VALIDATOR.check("x['ev' + `al`]('1')")
    assert verdict.violations == ()
    assert [(w.rule, w.line, w.column) for w in verdict.warnings] == [("computed-name", 1, 3)]


def test_a_name_of_the_session_passes() -> None:
    assert refused("new Worker()", {"Worker"}) == ""


DEEP = 900


@pytest.mark.timeout(30)  # what climbs from node to node takes minutes for some of these
@pytest.mark.parametrize(
    "text",
    [
        *(bracket * FULL for bracket in ("(", "[", "{", ")", "<", "'", "\0", "\n")),
        *(part * (FULL // len(part)) for part in ("`${", "/* */", "//\n", "a=>", "if(a){b}else ", "eval;", "@a ", '"a"+', "(]")),
        *(
            part * (FULL // len(part))  # what tree-sitter recovers from in quadratic time
            for part in ("/[", "@/[", "--;", "typeof;", "a[0]**;")
        ),
        "{" * DEEP + "var a=1,eval;eval;" * 5_000 + "}" * DEEP,
        "{" * DEEP + "eval;" * 19_000 + "}" * DEEP,
        "{" * DEEP + "let eval=1;" * 8_000 + "}" * DEEP,
        "function f(){}\n" * 6_500,
        "const c=1;" + "c=2;" * 25_000,
    ],
    ids=lambda text: text[:12].strip() or "blank",
)
def test_a_hostile_text_is_judged_and_prepared_in_bounded_work(text: str) -> None:
    verdict = VALIDATOR.check(text)
    assert verdict.metrics.bytes == len(text.encode())
    if not any(v.rule in ("code-depth", "code-size") for v in verdict.violations):
        prepare(Erased(text), text, {})
        syntax_fault(text)


SNIPPETS = st.sampled_from(
    "{ } ( ) [ ] ; , => = ` ${ ' \" // /* */ \n \r \u2028 let const var function class enum async await return export default "
    "import type if else for of in try catch switch case: a b c eval process x= \\u0065 😀 é 1".split(" ")
)


@given(st.one_of(st.text(), st.lists(SNIPPETS).map(" ".join), st.lists(SNIPPETS).map("".join)))
def test_no_text_breaks_the_validator_or_prepare(text: str) -> None:
    VALIDATOR.check(text, {"a": "const"})
    syntax_fault(text)
    program = prepare(Erased(text), text, {"a": "const"})
    program.locate(1, 1)
    program.locate(10**9, 10**9)


@given(
    st.lists(
        st.sampled_from(["const a = 1 // é", "x😀 = 1", "function f() {}", "class A {}", "var {b} = {}", "\r", "{ q }"]), min_size=1
    )
)
def test_a_mark_is_found_where_it_was_written(lines: list[str]) -> None:
    """A name that occurs once stands, in the body, where locate says that it came from."""
    source = "\n".join([*lines, "mark_;"])
    program = prepare(Erased(source), source, {})
    before = program.body[: program.body.index("mark_")].replace("\r\n", "\n").replace("\r", "\n")
    line, column = before.count("\n") + 1, len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2 + 1
    place = program.locate(line, column)
    head = source[: source.index("mark_")].replace("\r\n", "\n").replace("\r", "\n")
    assert place is not None
    assert (place.line, place.column) == (head.count("\n") + 1, len(head.rsplit("\n", 1)[-1]) + 1)
