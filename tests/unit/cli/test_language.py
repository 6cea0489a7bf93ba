"""Which language a command speaks."""

from __future__ import annotations

import pytest

from moyai.errors import UsageError
from moyai_cli.language import choose


@pytest.mark.parametrize(
    ("arguments", "environ", "lang", "rest"),
    [
        (["plan"], {}, "en", ["plan"]),
        (["plan"], {"LANG": "ja_JP.UTF-8"}, "ja", ["plan"]),
        (["plan"], {"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en", ["plan"]),
        (["plan"], {"LANG": "C", "MOYAI_LANG": "ja"}, "ja", ["plan"]),
        (["--lang", "ja", "plan", "all"], {}, "ja", ["plan", "all"]),
        (["plan", "--lang=ja"], {"LANG": "C"}, "ja", ["plan"]),
        (["plan", "--", "--lang=ja"], {}, "en", ["plan", "--", "--lang=ja"]),
    ],
)
def test_the_option_wins_over_the_variable_over_the_locale(
    arguments: list[str], environ: dict[str, str], lang: str, rest: list[str]
) -> None:
    assert choose(arguments, environ) == (lang, rest)


@pytest.mark.parametrize("arguments", [["--lang", "fr"], ["--lang"], ["plan", "--lang="]])
def test_another_language_is_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="ja or en"):
        choose(arguments, {})
