"""The one gate between what a run produced and the model: raw strings in, strings that may be read out."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

from anyio import to_thread

from mcp_codeexec.errors import BadArguments, SettingsError, Withheld
from mcp_codeexec.filter_options import FilterOptions
from mcp_codeexec.filtering.detect import Detector
from mcp_codeexec.filtering.joined import JoinedText
from mcp_codeexec.filtering.known import of_vault
from mcp_codeexec.filtering.page import Page, cut_page
from mcp_codeexec.filtering.tokens import counted, stand_in
from mcp_codeexec.filtering.tree import StringTree, is_larger
from mcp_codeexec.model import Json
from mcp_codeexec.ports import Vault

_log = logging.getLogger(__name__)
_INLINE = 16_384  # characters; less is scanned sooner than a thread could take it over
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A tree that may be read, and what was taken out of it, e.g. `{"secret": 1, "email": 3}`."""

    tree: Json
    redactions: dict[str, int] = field(default_factory=dict[str, int])


class FilterPipeline:
    """Filters for all sessions, for the life of the process. It remembers nothing of what it sees: tokens are the vault's."""

    def __init__(self, options: FilterOptions | None = None, *, cache_dir: Path | None = None) -> None:
        """`cache_dir` keeps kingfisher's compiled rules between processes; by default the user's cache folder does."""
        self._options = options
        self._cache_dir = cache_dir
        self._detector: Detector | None = None
        self._loading = Lock()

    def load(self) -> None:
        """Load the rules: 30 to 500 ms, seconds the first time on a machine. Call it in a thread; later calls do nothing."""
        self._loaded()

    def _loaded(self) -> Detector:
        with self._loading:
            if self._detector is None:
                self._detector = Detector(self._cache_dir, self._options)
            return self._detector

    async def clean(self, tree: Json, vault: Vault) -> Cleaned:
        """Every string of `tree` as the model may read it, keys included, at any depth. `tree` itself stays as it is.

        Raises:
            Withheld: a detector failed; nothing of `tree` may be shown.
        """
        return await self._guarded(lambda detector: _clean(tree, vault, detector), inline=not is_larger(tree, _INLINE))

    async def clean_page(self, text: str, start: int, end: int, vault: Vault) -> Page:
        """What the model may read of the characters `start` to `end` of `text`, filtered as a whole first.

        Offsets count Python characters of the raw text. The page is grown where its border would split a redaction or a token,
        so its own `start` and `end` may lie further out. Ends beyond the text are its end.

        Raises:
            BadArguments: `start` is negative, or `end` is before `start`.
            Withheld: a detector failed; nothing of `text` may be shown.
        """
        if not 0 <= start <= end:
            raise BadArguments(f"a page from {start} to {end} is not possible")
        return await self._guarded(lambda detector: cut_page(text, start, end, vault, detector), inline=len(text) <= _INLINE)

    async def _guarded(self, work: Callable[[Detector], _T], *, inline: bool) -> _T:
        """`work` with the loaded detector, off the loop unless `inline` and quick; whatever goes wrong withholds the answer."""
        try:
            detector = self._detector or await to_thread.run_sync(self._loaded)
            return work(detector) if inline and not detector.waits else await to_thread.run_sync(work, detector)
        except Exception as exc:
            _log.error("filter_failed", exc_info=True)
            raise Withheld(
                "The answer is withheld: it could not be checked for secrets and personal data.",
                hint="`mcp-codeexec doctor`, run by the person at the machine, says which setting is wrong."
                if isinstance(exc, SettingsError)
                else "Ask for less of it, or for another form of it.",
            ) from exc


def _clean(tree: Json, vault: Vault, detector: Detector) -> Cleaned:
    strings = StringTree(tree)
    joined = JoinedText(strings.pieces)
    spans = detector.find(joined.data, [*joined.secrets_by_key(), *of_vault(joined.data, vault)])
    shown = [stand_in(span.kind, joined.data[span.start : span.end].decode(), vault) for span in spans]
    texts = joined.replaced(spans, shown) if spans else joined.texts
    return Cleaned(strings.with_texts(texts), counted(zip((span.kind for span in spans), shown, strict=True)))
