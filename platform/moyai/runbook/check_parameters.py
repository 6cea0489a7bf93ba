"""What does not fit together in a parameter of a runbook. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moyai.registry.words import not_known
from moyai.runbook.file_model import FileParameter
from moyai.runbook.model import Type
from moyai.runbook.parameters import why_no_day, why_no_text, why_no_word
from moyai.texts import Text

CHOICES = Text(
    "choices は型が choice のときに、そのときだけ書きます", "choices go with the type choice only"
)
"""Said of parameters and of answers."""


def odd(one: FileParameter, others: Mapping[str, FileParameter]) -> Iterator[Text]:
    """What does not fit together in a parameter."""
    if (one.type == "choice") != bool(one.choices):
        yield CHOICES
    if one.type == "choice" and one.default is not None and one.default not in one.choices:
        yield not_known(str(one.default), one.choices, "選択肢", "choice")
    if one.default is not None and not _default_fits(one):
        yield Text("既定値の型が合いません", "the default is not of this type")
    elif one.default is not None:
        yield from _default_taken(one)
    yield from _bounds(one)
    if one.many and one.type in ("flag", "integer", "date", "month", "selector"):
        yield Text(f"{one.type} に many は使えません", f"many cannot be said of {one.type}")
    if one.service is not None:
        of = others.get(one.service)
        if one.type != "release" or of is None or of.type != "service" or of.many:
            yield Text(
                "service は、リリースのサービスを示すパラメーターの名前です",
                "service names the parameter that has a release's service",
            )
    if not one.known and one.type != "code":
        yield Text("known は code だけで使えます", "known can be said of code only")


def _default_fits(one: FileParameter) -> bool:
    if one.many:
        return False
    if one.type == "flag":
        return isinstance(one.default, bool)
    if one.type == "integer":
        return isinstance(one.default, int) and not isinstance(one.default, bool)
    return isinstance(one.default, str)


def _default_taken(one: FileParameter) -> Iterator[Text]:
    """Why a default could not be given as a value; of bodies and the like tenants.yaml says it, at a run."""
    if isinstance(one.default, str):
        why = (why_no_text if one.type == "text" else why_no_word)(one.default)
        if why is None and one.type in ("date", "month"):
            why = why_no_day(Type(one.type), one.default)
        if why is not None:
            yield Text(f"既定値: {why.ja}", f"the default: {why.en}")
    elif one.type == "integer" and isinstance(one.default, int):
        if one.default < (one.least or 0) or (one.most is not None and one.default > one.most):
            yield Text(
                "既定値が least から most までの間にありません",
                "the default is not between least and most",
            )


def _bounds(one: FileParameter) -> Iterator[Text]:
    if one.type != "integer":
        if one.least is not None or one.most is not None:
            yield Text(
                "least と most は integer だけで使えます",
                "least and most can be said of integer only",
            )
    elif one.most is not None and one.most < (one.least or 0):
        yield Text("most が least より小さくなっています", "most is less than least")
