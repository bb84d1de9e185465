"""A page of one long text: filtered as a whole, cut afterwards, so that no secret is missed or shown for standing on a border."""

from dataclasses import dataclass, field

from mcp_codeexec.filtering.detect import Detector
from mcp_codeexec.filtering.known import of_vault
from mcp_codeexec.filtering.spans import TOKEN
from mcp_codeexec.filtering.tokens import counted, stand_in
from mcp_codeexec.filtering.visible import Edit, Origin, apply, hidden_edits
from mcp_codeexec.ports import Vault


@dataclass(frozen=True, slots=True)
class Page:
    """Text that may be read, for the characters `start` to `end` of the raw text: the next page starts at `end`."""

    text: str
    start: int
    end: int
    redactions: dict[str, int] = field(default_factory=dict[str, int])


def cut_page(text: str, start: int, end: int, vault: Vault, detector: Detector) -> Page:
    """The page for raw characters `start` to `end`, grown where a redaction or a token lies on its border."""
    start, end = min(start, len(text)), min(end, len(text))
    if start >= end:
        return Page("", start, start)
    edits = _edits(text, vault, detector)
    for edit in edits:
        if edit.start < start < edit.end:
            start = edit.start
        if edit.start < end < edit.end:
            end = edit.end
    inside = [edit for edit in edits if start <= edit.start and edit.end <= end]
    shown = [
        Edit(edit.start - start, edit.end - start, stand_in(edit.kind, edit.shown, vault) if edit.kind else edit.shown)
        for edit in inside
    ]
    hidden = ((edit.kind, made.shown) for edit, made in zip(inside, shown, strict=True) if edit.kind)
    return Page(apply(text[start:end], shown), start, end, counted(hidden))


def _edits(text: str, vault: Vault, detector: Detector) -> list[Edit]:
    """Every change to the raw text, in order and disjoint; existing tokens too, as changes to themselves."""
    hidden = hidden_edits(text)
    shown = apply(text, hidden)
    data = shown.encode()
    origin = Origin(hidden)
    found = [(span.start, span.end, span.kind) for span in detector.find(data, of_vault(data, vault))]
    kept = [(*match.span(), "") for match in TOKEN.finditer(data)]
    edits = list(hidden)
    at_byte = at_char = 0
    for start, end, kind in sorted(found + kept):
        if start < at_byte:  # a token inside a redaction
            continue
        first = at_char + len(data[at_byte:start].decode())
        last = first + len(data[start:end].decode())
        edits.append(Edit(origin.raw(first), origin.raw(last), shown[first:last], kind))
        at_byte, at_char = end, last
    return _disjoint(edits)


def _disjoint(edits: list[Edit]) -> list[Edit]:
    """Edits that overlap as one: control characters inside or on the border of a secret go with it."""
    result: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        last = result[-1] if result else None
        if last is None or edit.start >= last.end:
            result.append(edit)
            continue
        main = max(last, edit, key=lambda each: each.end - each.start)
        result[-1] = Edit(last.start, max(last.end, edit.end), main.shown, main.kind)
    return result
