"""What does not fit together in a parameter of a runbook. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moyai.registry.words import not_known
from moyai.runbook.file_model import FileParameter
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
