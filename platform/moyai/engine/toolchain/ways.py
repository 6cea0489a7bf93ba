"""What the ways to an engine have in common."""

from __future__ import annotations

import re
from pathlib import Path

from moyai.engine.toolchain.steps import Progress, Step
from moyai.engine.toolchain.version import VERSION, version_of, works
from moyai.texts import Text

_LAST_LINES = 15
_CREDENTIALS = re.compile(r"(?<=//)[^/\s@]+@")


class WayFailed(Exception):
    """One way did not work, and why. It becomes part of the one error that names all ways."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def check(binary: Path, progress: Progress) -> None:
    """Ask a new binary for its version and let it do something small. Raises `WayFailed`."""
    progress(Step("checking", Text("できたエンジンを確かめています。", "Checking the engine.")))
    found = version_of(binary)
    if found is None:
        raise WayFailed(Text("できたエンジンが動きません", "the engine that came does not run"))
    if found != VERSION:
        raise WayFailed(
            Text(
                f"できたエンジンの版が {found} で、{VERSION} ではありません",
                f"the engine that came is version {found}, not {VERSION}",
            )
        )
    if not works(binary):
        raise WayFailed(
            Text(
                "できたエンジンは版を答えますが、状態を読めません",
                "the engine that came tells its version, but cannot open a state backend",
            )
        )


def ending(words: str) -> str:
    """The last lines of a foreign program's words, without user names and passwords of URLs."""
    lines = _CREDENTIALS.sub("…@", words).strip().splitlines()
    return "\n".join(lines[-_LAST_LINES:])
