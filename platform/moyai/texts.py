"""Sentences that people read, in Japanese and English, side by side."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

Lang = Literal["ja", "en"]
JAPAN = timezone(timedelta(hours=9), "Asia/Tokyo")
"""Japan's offset has no summer time, so no time zone database is needed."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages; which one is shown is decided where it is printed.

    Written together so that neither language can be forgotten. `ja` uses the field's words
    (団体, 一斉更新, 適用), `en` the same sentence.
    """

    ja: str
    en: str

    def of(self, lang: Lang) -> str:
        """The sentence in one language."""
        return self.ja if lang == "ja" else self.en

    def __str__(self) -> str:
        return self.en


def counted(number: int, one: str, many: str) -> str:
    """English words for how many there are: `1 body`, `43 bodies`."""
    return f"{number} {one if number == 1 else many}"


def same(words: str) -> Text:
    """A text that reads alike in both languages: a code, a path, a foreign program's own words."""
    return Text(words, words)


def document_of(text: Text | None) -> dict[str, str] | None:
    """A sentence as JSON, `{"ja": …, "en": …}`: on record, in results, in what others are sent."""
    return None if text is None else {"ja": text.ja, "en": text.en}


def text_of(document: object) -> Text | None:
    """The sentence that `document_of` wrote; None where it wrote none, or somebody else wrote."""
    if not isinstance(document, Mapping):
        return None
    ja, en = document.get("ja"), document.get("en")
    return Text(ja, en) if isinstance(ja, str) and isinstance(en, str) else None


def text_in(document: object, name: str) -> Text | None:
    """A sentence by its name within what is on record; None where there is none, or it says nothing."""
    found = text_of(document.get(name)) if isinstance(document, Mapping) else None
    return None if found is None or not found.ja or not found.en else found


def visible(words: str, *, lines: bool = False) -> str:
    r"""Words that may come from elsewhere, for a screen: what a terminal would act upon, what turns the
    direction of writing and what is no sign is written as `\x1b` or `\u202e`. `lines`: line feeds stay,
    as the words are several lines; else they are `\n`, and the words are one line."""
    return (_ACTED_UPON_IN_LINES if lines else _ACTED_UPON).sub(_written_out, words)


def visible_json(words: str) -> str:
    """JSON that says the same, in which nothing is left that a terminal would act upon."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


_SHORT: Mapping[str, str] = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_OTHERS = "\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff"
_ACTED_UPON = re.compile(f"[\x00-\x1f{_OTHERS}]")
_IN_JSON = re.compile(f"[{_OTHERS}]")
_ACTED_UPON_IN_LINES = re.compile(f"[\x00-\x09\x0b-\x1f{_OTHERS}]")


def in_japan(moment: datetime | str) -> str:
    """A moment for people, `2026-11-25 21:04:05 JST`; given as ISO 8601 too, and as it is where it
    is no moment."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return str(moment)
    return f"{moment.astimezone(JAPAN):%Y-%m-%d %H:%M:%S} JST"


def of_system(error: OSError) -> Text:
    """What the operating system said: the common errors in Japanese too, others as it says them."""
    said = error.strerror or str(error)
    return Text(_SYSTEM.get(error.errno or 0, said), said)


_SYSTEM: Mapping[int, str] = {
    errno.ENOENT: "ファイルやフォルダがありません",
    errno.EACCES: "権限がありません",
    errno.EPERM: "許されていない操作です",
    errno.EISDIR: "ファイルではなくフォルダです",
    errno.ENOTDIR: "フォルダではありません",
    errno.ENOSPC: "ディスクに空きがありません",
    errno.EROFS: "読み取り専用のディスクです",
    errno.ELOOP: "シンボリックリンクが多すぎるか、循環しています",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.EMFILE: "同時に開けるファイルの上限に達しました",
}
