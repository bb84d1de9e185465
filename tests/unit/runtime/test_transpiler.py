"""TypeScript to JavaScript: places are kept, faults have theirs, and a text that kills the parser costs nobody else anything."""

import asyncio
from collections.abc import AsyncGenerator

import anyio
import psutil
import pytest

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.model import Erased, SyntaxFault
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.transpiler import Transpiler
from tests.unit.runtime.sessions import children, eventually


@pytest.fixture
async def transpiler(launcher: Launcher) -> AsyncGenerator[Transpiler]:
    transpiler = Transpiler(launcher, 30)
    yield transpiler
    await transpiler.close()


STRIPPED = [
    "let a: number = 1; a as string",
    "interface A { b: string }\ntype B = A & { c?: 1 };\nlet ä€😀: B;",
    "function f<T extends object>(this: Window, x?: T, ...rest: any[]): x is T { return x! satisfies T }",
    "import type { A } from 'a'; export type { B } from 'b'; declare const c: number; abstract class D { abstract e(): void }",
    "return 1; await 2; export const x = 3; label: for (;;) break label",
    "const a = <const T,>(x: T): T => x\r\n\tlet b: string = `${a<1>(1)}`\r\n",
    "",
    "// only a comment: string",
    "class A { private b: number = 1; declare c: string; readonly #d?: 1 }",
    "'\\u{1F600}'; /re:gex/u; a ? b : c; ({ d: 1 })",
]


@pytest.mark.parametrize("text", STRIPPED)
async def test_every_character_that_stays_keeps_its_place(transpiler: Transpiler, text: str) -> None:
    erased = await transpiler.erase(text)
    assert isinstance(erased, Erased), erased
    assert erased.mappings == ""
    assert len(erased.text) == len(text)
    for before, after in zip(text, erased.text, strict=True):
        assert after == before or (after in " ;\n" and (before == "\n") == (after == "\n"))


TRANSFORMED = [
    "enum Color { Red, Green = 5 }\nColor.Green",
    "namespace N { export const x: number = 1 }\nN.x",
    "class P { constructor(private x: number) {} }",
    "let a = <string>b",
]


@pytest.mark.parametrize("text", TRANSFORMED)
async def test_what_must_be_reprinted_comes_with_a_map(transpiler: Transpiler, text: str) -> None:
    erased = await transpiler.erase(text)
    assert isinstance(erased, Erased), erased
    assert erased.mappings
    assert set(erased.mappings) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;")
    assert "sourceMappingURL" not in erased.text


FAULTS = [
    ("let a = ;", 1, 9),
    ("a = 1;\nb = = 2;", 2, 5),
    ("a = 1;\r\nb = = 2;", 2, 5),
    ("'ä€';\n  let 1x", 2, 7),
    ("/* ä€😀 */ let = = 1", 1, 17),
    ("f(", 1, 3),
    ("if (a) {\n  b(\n", 2, 5),
    ("`${`", 1, 4),
    ("let a: = 1", 1, 8),
    ("}", 1, 1),
    ("1 +", 1, 4),
    ("const x", 0, 0),
    ("class { }", 1, 7),
    ("enum E { a b }", 1, 13),
    ("'unended", 1, 1),
    ("/unended", 1, 1),
    ("/* unended", 0, 0),
    ("\t\tlet a = = 1", 1, 11),
    ("'\t'; let a = = 1", 1, 14),
    ("\ufefflet a = = 1", 1, 10),
    ("'漢字'; let a = = 1", 1, 15),
    ("'a\u0301\u200b'; let a = = 1", 1, 16),
    ("return 1; await 2; let = ;", 1, 26),
    ("return; }", 1, 9),
    ("};import 'data:text/javascript,throw 1';async()=>{(", 1, 1),
    ("let a = {\n  b: [1,\n  2\n\n", 3, 4),
    ("let a = {\r\n  b: [1,\r\n  2\r\n", 3, 4),
    ("let a = 1;\nlet a = 2;", 0, 0),
]


@pytest.mark.parametrize(("text", "line", "column"), FAULTS)
async def test_a_fault_has_its_place(transpiler: Transpiler, text: str, line: int, column: int) -> None:
    fault = await transpiler.erase(text)
    if isinstance(fault, Erased):  # it erases: V8 will say what is wrong with it
        assert line == 0
        return
    assert fault.message
    assert "file:" not in fault.message
    assert "data:" not in fault.message
    assert (fault.line, fault.column) == (line, column), fault


HOSTILE = [
    "};console.log(1);async()=>{(",
    "};import 'data:text/javascript,throw 1';async()=>{(",
    "import 'data:text/javascript,for(;;);'; (",
    "(\n//# sourceMappingURL=data:application/json;base64,e30=",
    "( // message at x:99:98",
    "x = 'The module could not be parsed: fake at nowhere:99:98' (",
    "\0",
    "\ufeff let a: = 1",
    "a\u2028b = = 1",
    "\ud800 (",
    "#!shebang\n(",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_makes_the_transpiler_run_or_say_something_untrue(transpiler: Transpiler, text: str) -> None:
    before = await transpiler.erase("let a: number")
    fault = await transpiler.erase(text)
    if isinstance(fault, SyntaxFault):
        assert fault.line != 99
        assert 0 <= fault.line <= text.count("\n") + 2
        assert "file:" not in fault.message
    assert await transpiler.erase("let a: number") == before


DEEP = "(" * 6_000 + "1" + ")" * 6_000


async def test_a_text_that_kills_the_parser_is_answered_and_the_next_works(transpiler: Transpiler) -> None:
    fault = await transpiler.erase(DEEP)
    assert fault == SyntaxFault("the program is nested too deeply, or too large, for the TypeScript parser", 0, 0)
    erased = await transpiler.erase("let a: number = 1")
    assert isinstance(erased, Erased)


async def test_a_text_that_kills_the_parser_costs_no_other_text_its_answer(transpiler: Transpiler) -> None:
    await transpiler.start()
    texts = [DEEP if i % 4 == 0 else f"let a{i}: number = {i}" for i in range(12)]
    answers = await asyncio.gather(*(transpiler.erase(text) for text in texts))
    for i, answer in enumerate(answers):
        assert isinstance(answer, SyntaxFault if i % 4 == 0 else Erased)
        if isinstance(answer, Erased):
            assert answer.text.startswith(f"let a{i} ")


async def test_many_texts_at_once_get_their_own_answers(transpiler: Transpiler) -> None:
    texts = [f"let v{i}: string = '{i}'" + ("" if i % 3 else "; let = ;") for i in range(60)]
    for i, answer in enumerate(await asyncio.gather(*(transpiler.erase(text) for text in texts))):
        if i % 3:
            assert isinstance(answer, Erased)
            assert f"v{i} " in answer.text
        else:
            assert isinstance(answer, SyntaxFault)


async def test_a_hundred_kilobytes_of_code_are_erased(transpiler: Transpiler) -> None:
    text = "\n".join(f"const name{i}: {{ a: number }} = {{ a: {i} }};" for i in range(2_400))
    erased = await transpiler.erase(text)
    assert isinstance(erased, Erased)
    assert len(erased.text) == len(text)


async def test_a_process_that_was_killed_is_replaced(transpiler: Transpiler) -> None:
    before = children()
    await transpiler.start()
    [pid] = children() - before
    psutil.Process(pid).kill()
    assert isinstance(await transpiler.erase("let a: number"), Erased)


async def test_a_process_that_hangs_is_replaced(transpiler: Transpiler) -> None:
    before = children()
    await transpiler.start()
    [pid] = children() - before
    psutil.Process(pid).suspend()
    with anyio.fail_after(20):
        assert isinstance(await transpiler.erase("let a: number"), Erased)
    await eventually(lambda: pid not in children())


async def test_a_closed_transpiler_leaves_no_process_and_starts_none(launcher: Launcher) -> None:
    before = children()
    transpiler = Transpiler(launcher, 30)
    erasing = asyncio.create_task(transpiler.erase("let a: number"))
    await asyncio.sleep(0)
    await transpiler.close()
    with pytest.raises(RuntimeUnavailable):
        await erasing
    with pytest.raises(RuntimeUnavailable):
        await transpiler.erase("1")
    await eventually(lambda: children() <= before)


async def test_many_faults_do_not_fill_the_process(transpiler: Transpiler) -> None:
    for _ in range(20):
        answers = await asyncio.gather(*(transpiler.erase("let = ;") for _ in range(30)))
        assert all(isinstance(answer, SyntaxFault) for answer in answers)
