"""Typst with the fonts that come with the product: nothing of the machine plays a part in what it lays out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import typst
from pylopdf_fonts_cjk import sans_path

STANDARDS: tuple[Literal["a-2a", "ua-1"], ...] = ("a-2a", "ua-1")
"""What every PDF keeps to: archiving (PDF/A-2a) and being read aloud (PDF/UA-1)."""


@lru_cache(maxsize=4)
def compiler(template: Path, *, with_code: bool = False) -> typst.Compiler:
    """The compiler of a template, one for the whole process, as fonts are loaded once for each.

    The font of all is `Noto Sans JP`; `with_code` brings Typst's own, `DejaVu Sans Mono` among them.
    """
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=with_code,
        font_paths=[sans_path().parent],
    )
    return typst.Compiler(
        template, root=template.parent, font_paths=fonts, ignore_system_fonts=True
    )
