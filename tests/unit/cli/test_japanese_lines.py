"""Where Japanese is broken into lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from moyai_cli.japanese_lines import breaks


def lines(words: str, width: int) -> list[str]:
    ends = [*breaks(words, width), len(words)]
    return [words[a:b].rstrip() for a, b in zip([0, *ends[:-1]], ends, strict=True)]


@pytest.mark.parametrize(
    ("words", "width", "wanted"),
    [
        ("同じ団体への別の実行", 12, ["同じ団体への", "別の実行"]),
        ("団体を tenants.yaml に足す", 14, ["団体を", "tenants.yaml", "に足す"]),
        ("団体を tenants.yaml に足す", 22, ["団体を tenants.yaml に", "足す"]),
        ("あいう、えお", 6, ["あい", "う、え", "お"]),
        ("あい（うえ）", 6, ["あい", "（う", "え）"]),
        ("abcdefgh", 4, ["abcd", "efgh"]),
        ("", 10, [""]),
    ],
)
def test_lines_break_between_signs_but_not_in_words_or_before_commas(
    words: str, width: int, wanted: list[str]
) -> None:
    assert lines(words, width) == wanted


@settings(deadline=None)
@given(st.text("あ漢、。（）「」ab1 …-", max_size=60), st.integers(6, 30))
def test_nothing_is_lost_and_no_line_is_too_wide(words: str, width: int) -> None:
    found = lines(words, width)
    assert "".join(found).replace(" ", "") == words.replace(" ", "")
    assert all(cell_len(line) <= width for line in found)
