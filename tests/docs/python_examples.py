"""Python of a page as it would be run: top-level `await`, and what an expression is worth beside it in a comment."""

import ast
import inspect
import io
import tokenize
from types import CodeType
from typing import Any

from tests.docs.blocks import Block

_CHECK = "__check__"


async def run(block: Block, names: dict[str, Any]) -> None:
    """Run one block in a namespace; an expression with a comment after it must be worth what the comment says."""

    def check(value: object, line: int, stated: str) -> object:
        assert repr(value) == stated, f"line {block.line + line - 1} of the page says {stated}; it is {value!r}"
        return value

    names[_CHECK] = check
    done = eval(compiled(block), names)
    if inspect.isawaitable(done):
        await done


def compiled(block: Block) -> CodeType:
    """The block, with its checks. Raises SyntaxError."""
    tree = ast.parse(block.text)
    tree = ast.fix_missing_locations(_Checks(_comments(block.text)).visit(tree))
    return compile(tree, f"example of line {block.line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def imports(block: Block) -> set[str]:
    """The packages that it imports."""
    found = set[str]()
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
    return found


def _comments(text: str) -> dict[int, str]:
    kinds = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in kinds if token.type == tokenize.COMMENT}


class _Checks(ast.NodeTransformer):
    def __init__(self, comments: dict[int, str]) -> None:
        self._comments = comments

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        stated = self._comments.get(node.end_lineno or 0)
        if stated is not None:
            arguments = [node.value, ast.Constant(node.lineno), ast.Constant(stated)]
            node.value = ast.Call(ast.Name(_CHECK, ast.Load()), arguments, [])
        return node
