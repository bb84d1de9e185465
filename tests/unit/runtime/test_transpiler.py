"""TypeScript to JavaScript: every character in its place, or the place where it does not parse; and what kills the parser kills no more."""

from collections.abc import AsyncGenerator

import anyio
import psutil
import pytest

from mcp_codeexec.model import Erased, SyntaxFault
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.transpiler import Transpiler


@pytest.fixture
async def transpiler(launcher: Launcher) -> AsyncGenerator[Transpiler]:
    transpiler = Transpiler(launcher, 20)
    yield transpiler
    await transpiler.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("const a: number = 1; a", "const a         = 1; a"),
        ("let x = y as any;\nx!", "let x = y       ;\nx "),
        ("interface A { b: string }\n1", " " * 25 + "\n1"),
        ("if (1) return await f<string>(2)", "if (1) return await f        (2)"),
        ("plain + 1", "plain + 1"),
        ("", ""),
    ],
)
async def test_types_are_blanked_in_place(transpiler: Transpiler, text: str, code: str) -> None:
    assert await transpiler.erase(text) == Erased(code)


async def test_wide_characters_in_types_keep_the_utf16_places_behind_them(transpiler: Transpiler) -> None:
    text = "let a: 'é😀' = 1; b"
    erased = await transpiler.erase(text)
    assert isinstance(erased, Erased)
    assert len(erased.text.encode("utf-16-le")) == len(text.encode("utf-16-le"))
    assert erased.text.endswith("= 1; b")


@pytest.mark.parametrize(
    "text", ["enum A { B }", "namespace N { export const a = 1 }", "class A { constructor(private x: number) {} }", "<number>x"]
)
async def test_what_has_to_be_printed_anew_comes_with_a_map(transpiler: Transpiler, text: str) -> None:
    erased = await transpiler.erase(text)
    assert isinstance(erased, Erased)
    assert erased.mappings
    assert "sourceMappingURL" not in erased.text


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("let a = ;", 1, 9, "Expression expected"),
        ("let a = 1;\nlet b = (1;", 2, 11, "Expected"),
        ("const é = '😀'; foo(;", 1, 20, "Expression expected"),
        ("let a = 1;\r\nlet b = ;", 2, 9, "Expression expected"),
        ("foo(1,", 1, 7, "Unexpected end"),
        ("const s = 'abc", 1, 11, "Unterminated string"),
        ("let a: = 1", 1, 8, ""),
    ],
)
async def test_a_fault_has_its_place(transpiler: Transpiler, text: str, line: int, column: int, says: str) -> None:
    fault = await transpiler.erase(text)
    assert isinstance(fault, SyntaxFault)
    assert (fault.line, fault.column) == (line, column)
    assert says in fault.message


async def test_a_text_that_kills_the_parser_is_answered_and_the_next_one_works(transpiler: Transpiler) -> None:
    killed = await transpiler.erase("(" * 30_000 + "1" + ")" * 30_000)
    assert isinstance(killed, SyntaxFault)
    assert "nested too deeply" in killed.message
    assert await transpiler.erase("1 as any") == Erased("1       ")


async def test_a_text_that_would_run_while_it_is_diagnosed_does_not(transpiler: Transpiler) -> None:
    fault = await transpiler.erase("}; throw new Error('it ran'); async () => {")
    assert isinstance(fault, SyntaxFault)
    assert "it ran" not in fault.message


async def test_many_texts_at_once_get_their_own_answers(transpiler: Transpiler) -> None:
    answers: dict[int, Erased | SyntaxFault] = {}

    async def erase(i: int) -> None:
        answers[i] = await transpiler.erase(f"{i} as number")

    async with anyio.create_task_group() as group:
        for i in range(50):
            group.start_soon(erase, i)
    assert answers == {i: Erased(f"{i}          ") for i in range(50)}


async def test_a_parser_that_was_killed_is_replaced(transpiler: Transpiler) -> None:
    await transpiler.start()
    me = psutil.Process()
    (process,) = [child for child in me.children() if any("transpiler.js" in part for part in child.cmdline())]
    process.kill()
    assert await transpiler.erase("1") == Erased("1")
