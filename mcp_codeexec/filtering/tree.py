"""A JSON tree as a flat list of its strings and large integers, and back. Iterative: how deep a tree goes is its sender's choice."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from mcp_codeexec.model import Json

_Holder: TypeAlias = list[Json] | dict[str, Json]
_Slots: TypeAlias = Iterator[tuple[int | str, Json]]


_NAMED, _BARE = 10**7, 10**13  # smaller integers are nobody's phone, after a key that says so, or card


class Piece(NamedTuple):
    """One string of a tree, or an integer that could be somebody's number: a key (`is_key`), or the value at `at` of its list or object.
    A tuple: there are many."""

    text: str
    holder: _Holder
    at: int | str
    is_key: bool = False


class StringTree:
    """A copy of a tree whose strings can be replaced, once. `pieces` are they, in document order, keys before their values."""

    def __init__(self, tree: Json) -> None:
        self.pieces: list[Piece] = []
        self._root: list[Json] = [None]
        stack: list[tuple[_Holder, _Slots]] = [(self._root, iter([(0, tree)]))]
        while stack:
            holder, slots = stack[-1]
            for at, value in slots:
                if isinstance(at, str):
                    self.pieces.append(Piece(at, holder, at, is_key=True))
                if isinstance(value, list):
                    items: list[Json] = [None] * len(value)
                    _put(holder, at, items)
                    stack.append((items, iter(enumerate(value))))
                    break
                if isinstance(value, dict):
                    members: dict[str, Json] = {}
                    _put(holder, at, members)
                    stack.append((members, iter(value.items())))
                    break
                if isinstance(value, str):
                    self.pieces.append(Piece(value, holder, at))
                elif isinstance(value, int) and value >= (_NAMED if isinstance(at, str) else _BARE):
                    self.pieces.append(Piece(str(value), holder, at))
                _put(holder, at, value)
            else:
                stack.pop()

    def with_texts(self, texts: Sequence[str]) -> Json:
        """The tree with `texts` in the places of `pieces`. Keys that became equal are told apart: no entry is lost."""
        renamed: dict[int, tuple[dict[str, Json], dict[str, str]]] = {}
        for piece, text in zip(self.pieces, texts, strict=True):
            if text == piece.text:
                continue
            if not piece.is_key:
                _put(piece.holder, piece.at, text)
            elif isinstance(piece.holder, dict):
                renamed.setdefault(id(piece.holder), (piece.holder, {}))[1][piece.text] = text
        for holder, names in renamed.values():
            _rename(holder, names)
        return self._root[0]


def is_larger(tree: Json, characters: int) -> bool:
    """Whether `tree` is larger than that, about: its strings, and a little for every node. Stops counting there."""
    left = characters
    stack: list[Json] = [tree]
    while stack and left >= 0:
        node = stack.pop()
        left -= 8
        if isinstance(node, str):
            left -= len(node)
        elif isinstance(node, list):
            if len(node) > left:
                return True
            stack.extend(node)
        elif isinstance(node, dict):
            if len(node) > left:
                return True
            stack.extend(node)
            stack.extend(node.values())
    return left < 0


def _put(holder: _Holder, at: int | str, value: Json) -> None:
    if isinstance(holder, list):
        holder[int(at)] = value
    else:
        holder[str(at)] = value


def _rename(members: dict[str, Json], names: dict[str, str]) -> None:
    """Rename keys in place and in order; in place, so that whoever holds `members` need not be told."""
    entries = list(members.items())
    taken = {key for key, _ in entries if key not in names}
    seen: dict[str, int] = {}
    members.clear()
    for key, value in entries:
        name = key
        if key in names:
            name = wanted = names[key]
            while name in taken:
                seen[wanted] = seen.get(wanted, 1) + 1
                name = f"{wanted} ({seen[wanted]})"
            taken.add(name)
        members[name] = value
