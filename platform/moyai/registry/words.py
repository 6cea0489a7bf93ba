"""Wording that several checks share: values shown in a message, and the nearest right word."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from moyai.texts import Text, same

_LONGEST = 60
_DIGIT = re.compile("[0-9]")
_SLIP = 0.8
"""Which part of two words' signs is the same where one may be the other, mistyped."""
_MOST_WRONG = 2
_SECRET_SIGNS = ("PRIVATE KEY", "://")


def one_line(words: str, longest: int = _LONGEST) -> str:
    """Words as part of a line: no control characters, cut where they are long."""
    clean = "".join(sign if sign.isprintable() else " " for sign in words[: longest + 1])
    return clean if len(words) <= longest else clean[: longest - 1] + "…"


def shown(value: object) -> Text:
    """A value of the file inside a sentence. What may be a secret is not shown."""
    if value is None:
        return Text("空", "nothing")
    if isinstance(value, bool):
        return same("true" if value else "false")
    if isinstance(value, Mapping):
        return Text("キーと値の組", "keys and values")
    if isinstance(value, (list, tuple)):
        return Text("リスト", "a list")
    if isinstance(value, (int, float)):
        return Text(f"「{value}」", str(value))
    words = str(value)
    if any(sign in words for sign in _SECRET_SIGNS):
        return Text("（伏せます）", "(not shown)")
    return Text(f"「{one_line(words)}」", f"'{one_line(words)}'")


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Known words like this one, nearest first; full-width letters and case do not matter."""
    plain = {_folded(one): one for one in sorted(known)}
    # twice as long as any known word is like none; difflib would take its time to say so
    if len(word) > 2 * max(map(len, plain), default=0):
        return []
    found = difflib.get_close_matches(_folded(word), plain, n=count, cutoff=0.5)
    return [plain[one] for one in found]


def mistyped(word: str, known: Iterable[str]) -> str | None:
    """The known word of which this one is most likely a slip of the pen, or None: four signs of five are the
    same, and two at most are wrong. Words that differ in digits alone (codes, accounts, months) are
    names of something else."""
    return next(
        (one for one in nearest(word, known, 3) if _is_slip(_folded(word), _folded(one))), None
    )


def _is_slip(word: str, known: str) -> bool:
    if word == known:
        return True
    if _DIGIT.sub("0", word) == _DIGIT.sub("0", known):
        return False
    matcher = difflib.SequenceMatcher(None, known, word)
    wrong = sum(
        max(end - start, own_end - own_start)
        for tag, start, end, own_start, own_end in matcher.get_opcodes()
        if tag != "equal"
    )
    return matcher.ratio() >= _SLIP and wrong <= _MOST_WRONG


def not_known(word: str, known: Iterable[str], ja: str, en: str) -> Text:
    """`word` is none of the known; `ja` and `en` say what it would be."""
    names = sorted(one_line(name) for name in known)
    near = nearest(word, names)
    word = one_line(word)
    if near:
        return Text(
            f"{ja}「{word}」はありません（{near[0]} ではありませんか）",
            f"there is no {en} '{word}'; did you mean {near[0]}?",
        )
    if not names:
        return Text(f"{ja}「{word}」はありません", f"there is no {en} '{word}'")
    listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    return Text(
        f"{ja}「{word}」はありません。あるもの: {listed}",
        f"there is no {en} '{word}'; known: {listed}",
    )


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().replace("_", "-")
