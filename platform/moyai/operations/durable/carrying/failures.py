"""Failures on record: their sentences, what those of one cause have in common, bugs without their words."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping

from moyai.errors import MoyaiError, OperationFailed
from moyai.json_value import JsonValue
from moyai.operations.kinds.kind import InDoubt, Moved, Step, Stopped, Unavailable
from moyai.texts import Text, document_of, text_of

NOT_BEGUN = "not_begun"
"""Of a step that was put on record, and stopped before it did anything."""
_CHANGING = re.compile(r"arn:\S+|[0-9a-f]{8,}|\d+")


def error_signature(step: str, error: MoyaiError) -> str:
    """What failures of one cause have in common: the step and the words without what changes."""
    words = _CHANGING.sub("#", error.what.en)
    return f"{step}: {words}"[:300]


def to_document(error: MoyaiError) -> dict[str, JsonValue]:
    """An error on record: its sentences in both languages."""
    parts = {"what": error.what, "touched": error.touched, "remedy": error.remedy}
    found: dict[str, JsonValue] = {"type": type(error).__name__}
    found.update({name: document_of(text) for name, text in parts.items()})
    if isinstance(error, Stopped) and error.not_begun:
        found[NOT_BEGUN] = True
    return found


def from_document(document: Mapping[str, object]) -> MoyaiError:
    """The error that `to_document` wrote, as far as taking back asks for it."""
    known = {kind.__name__: kind for kind in (InDoubt, Moved, Unavailable)}
    if document.get("type") == Stopped.__name__:
        return Stopped()
    texts = {name: text_of(document.get(name)) for name in ("what", "touched", "remedy")}
    what = texts.pop("what") or Text("不明な失敗です。", "an unknown failure.")
    return known.get(str(document.get("type")), OperationFailed)(what, **texts)


def with_touched(error: MoyaiError, touched: Text) -> dict[str, JsonValue]:
    """As `to_document`, with what became of its steps said beside what the error says itself."""
    own, found = error.touched, to_document(error)
    found.pop(NOT_BEGUN, None)  # that is its step's
    if own is not None and own != touched:
        touched = Text(f"{_ended(own.ja, '。')}{touched.ja}", f"{_ended(own.en, '.')} {touched.en}")
    return {**found, "touched": document_of(touched)}


def _ended(sentence: str, stop: str) -> str:
    """A sentence that another follows."""
    return sentence if sentence.endswith(("。", ".")) else sentence + stop


def both(error: MoyaiError, trouble: MoyaiError) -> MoyaiError:
    """A failure, and what went wrong when it was to be taken back."""
    is_same = error.what == trouble.what
    also = Text("同じ理由です。", "for the same reason.") if is_same else trouble.what
    return InDoubt(
        Text(
            f"{error.what.ja} 元に戻す途中でも失敗しました: {also.ja}",
            f"{error.what.en} Taking it back failed too: {also.en}",
        ),
        touched=trouble.touched or error.touched,
        remedy=trouble.remedy or error.remedy,
    )


def bug(error: Exception) -> MoyaiError:
    """An error that nobody expected, by its type and place: its words may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
    kind = type(error).__name__
    return OperationFailed(
        Text(
            f"もやいの不具合です（{kind}、{place}）。",
            f"a bug of Moyai's ({kind} in {place}).",
        ),
        remedy=Text(
            "ワーカーのログを添えて知らせてください。",
            "Please report it with the worker's log.",
        ),
    )


def not_taken_back() -> MoyaiError:
    """For a body that was to stop while nobody could say how it is taken back."""
    return InDoubt(
        Text(
            "tenants.yaml または拠点の記録を読めないため、元に戻せません。",
            "it cannot be taken back, as tenants.yaml or the site's records cannot be read.",
        ),
        remedy=Text(
            "moyai validate と moyai status で原因を除いてから、この団体の新しい計画で引き継いでください。",
            "Remove the cause (moyai validate, moyai status), then plan this body anew: that takes it over.",
        ),
    )


def unknown(step: Step) -> MoyaiError:
    """For a step that was begun and of which nobody can say whether it was done."""
    return InDoubt(
        Text(
            f"手順「{step.title.ja}」が済んだかどうか分かりません。",
            f"it is not known whether the step '{step.title.en}' was done.",
        ),
        remedy=Text(
            "実環境を確かめてから、moyai operation retry を実行してください。",
            "Look at what is live, then run moyai operation retry.",
        ),
    )
