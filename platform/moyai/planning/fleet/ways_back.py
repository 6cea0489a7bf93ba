"""What became of a step's changes after its operation ended without them: undone, none, kept, not known. Pure.

On record once, in the result of the step's way back (`-NAME`), as `way_back`: which of the four, and the
sentence for persons. Records of versions before have none: the way back has ended then, no more is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moyai.errors import NOTHING_TOUCHED
from moyai.json_value import JsonValue
from moyai.texts import Text, text_in

KEY = "way_back"


class Way(StrEnum):
    """Which of the four."""

    UNDONE = "undone"
    """It had changed something, and that is as it was before."""
    NOTHING = "nothing"
    """There was nothing to take back."""
    STAYS = "stays"
    """What it did is kept on purpose."""
    UNKNOWN = "unknown"
    """Nobody knows how far it came."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What became of one step."""

    way: Way
    said: Text
    """For persons, without a full stop."""

    @property
    def document(self) -> dict[str, JsonValue]:
        """As it is on record: readable as a sentence too."""
        return {"way": str(self.way), "ja": self.said.ja, "en": self.said.en}


UNDONE = WayBack(Way.UNDONE, Text("元に戻しました", "taken back"))
NOTHING = WayBack(
    Way.NOTHING, Text("元に戻すものはありませんでした", "there was nothing to take back")
)
AS_BEFORE = WayBack(
    Way.UNKNOWN,
    Text(
        "いまは作業前のままです。いったん変更されたかどうかは分かりません",
        "it is as it was before; whether it was changed in between is not known",
    ),
)
NOT_SAID = WayBack(
    Way.UNKNOWN,
    Text(
        "切戻しの手順は終わりました。何を戻したかは記録にありません",
        "its way back has ended; what was taken back is not on record",
    ),
)
"""Of a record of a version before."""


def stays(said: Text) -> WayBack:
    """What is kept, and why."""
    return WayBack(Way.STAYS, said)


def unknown(said: Text) -> WayBack:
    """What may be there."""
    return WayBack(Way.UNKNOWN, said)


def way_back_in(result: object) -> WayBack:
    """What the result of a step that took back says; `NOT_SAID` where it says nothing that is known."""
    found = result.get(KEY) if isinstance(result, Mapping) else None
    said = text_in(result, KEY)
    if said is None or not isinstance(found, Mapping) or found.get("way") not in tuple(Way):
        return NOT_SAID
    return WayBack(Way(str(found["way"])), said)


@dataclass(frozen=True, slots=True)
class StepEnd:
    """One step that was begun and may have changed something, when its body ended."""

    title: Text
    way_back: WayBack | None
    """None: its way back was not gone to the end."""


def touched(ends: Sequence[StepEnd], *, is_first: bool = True) -> Text:
    """What a body's end says of its steps, the last first. `is_first`: of a first attempt."""
    parts = (
        _part(ends, Way.UNDONE, Text("元に戻した手順", "Taken back")),
        _part(ends, Way.STAYS, Text("そのまま残るもの", "Stays as it is")),
        _part(ends, Way.UNKNOWN, Text("どこまで進んだか分からない手順", "Not known")),
        _list([one.title for one in ends if one.way_back is None], _NOT_BACK),
    )
    said = [one for one in parts if one is not None]
    if not said:
        return NOTHING_TOUCHED if is_first else _NOT_THIS_TIME
    return Text("".join(one.ja for one in said), " ".join(one.en for one in said))


_NOT_BACK = Text("元に戻していない手順", "Not taken back")
_NOT_THIS_TIME = Text("この試行では何も変更していません。", "Nothing was touched by this attempt.")


def _part(ends: Iterable[StepEnd], way: Way, head: Text) -> Text | None:
    """The steps of one way; with why, where that is not said by the head."""
    names = []
    for one in ends:
        if one.way_back is not None and one.way_back.way is way:
            title, said = one.title, one.way_back.said
            is_plain = way is Way.UNDONE
            ja = title.ja if is_plain else f"{title.ja}（{said.ja}）"
            en = title.en if is_plain else f"{title.en} ({said.en})"
            names.append(Text(ja, en))
    return _list(names, head)


def _list(names: Sequence[Text], head: Text) -> Text | None:
    if not names:
        return None
    ja, en = "、".join(one.ja for one in names), ", ".join(one.en for one in names)
    return Text(f"{head.ja}: {ja}。", f"{head.en}: {en}.")
