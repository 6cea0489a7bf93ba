"""A runbook's parameters as they are given, `body=kishiwada`, held against tenants.yaml. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.codes import is_well_formed, national_list
from moyai.registry.models import Registry
from moyai.registry.persons import called
from moyai.registry.selector import UnreadableSelector, no_body
from moyai.registry.selector_words import Vocabulary, vocabulary, why_unreadable
from moyai.registry.words import not_known, shown
from moyai.runbook.model import Parameter, Runbook, Type, Value, Values
from moyai.texts import Text

_LONGEST = 2_000
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")
_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}\Z")
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


class WrongParameters(UsageError):
    """Parameters that cannot be taken; `reasons` has all of them, by name."""

    def __init__(self, runbook: str, reasons: Sequence[tuple[str, Text]]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            Text(
                "\n".join(f"{name}: {why.ja}" for name, why in reasons),
                "\n".join(f"{name}: {why.en}" for name, why in reasons),
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"moyai runbook show {runbook} で、パラメーターの一覧が見られます。",
                f"moyai runbook show {runbook} lists the parameters.",
            ),
        )


class _Wrong(Exception):
    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Context:
    registry: Registry
    words: Vocabulary
    day: date
    others: Values
    """The parameters before, as far as they could be taken."""


def parse(
    runbook: Runbook, given: Iterable[tuple[str, str]], registry: Registry, day: date, site: str
) -> Values:
    """The values of all parameters and `site`; `given` may name one with `many` again and again.

    `day` is what `today` means. Raises `WrongParameters` with everything that is wrong.
    """
    words = vocabulary(
        registry.tenants, registry.services, [cell.name for cell in registry.federation.cells]
    )
    by_name: dict[str, list[str]] = {}
    for name, word in given:
        by_name.setdefault(name, []).append(word)
    wrong = [
        (name, not_known(name, runbook.parameters, "パラメーター", "parameter"))
        for name in by_name
        if name not in runbook.parameters
    ]
    values: dict[str, Value] = {"site": site}
    # Services first: a release is looked up in its service.
    ordered = sorted(runbook.parameters.values(), key=lambda one: one.type is Type.RELEASE)
    for parameter in ordered:
        context = _Context(registry, words, day, values)
        try:
            values[parameter.name] = _value(parameter, by_name.get(parameter.name, []), context)
        except _Wrong as error:
            wrong.append((parameter.name, error.reason))
    if wrong:
        raise WrongParameters(runbook.name, wrong)
    return values


def _value(parameter: Parameter, given: list[str], context: _Context) -> Value:
    if not given:
        if parameter.required:
            raise _Wrong(Text("値が要ります", "a value is needed"))
        if parameter.many:
            return ()
        if parameter.type is Type.FLAG:
            return bool(parameter.default)
        if parameter.default is None:
            return None
        given = [str(parameter.default)]
    if parameter.many:
        return tuple(str(_single(parameter, word, context)) for word in given)
    if len(given) > 1:
        raise _Wrong(Text("値は一つだけです", "it takes one value only"))
    return _single(parameter, given[0], context)


def _single(parameter: Parameter, word: str, context: _Context) -> Value:
    why = why_no_word(word)
    if why is not None:
        raise _Wrong(why)
    return _READERS[parameter.type](parameter, word, context)


def why_no_word(word: str) -> Text | None:
    """Why words cannot be a value at all, or None."""
    if not word.strip():
        return Text("空にはできません", "this cannot be empty")
    if len(word) > _LONGEST:
        return Text(f"長すぎます（{_LONGEST} 字まで）", f"too long ({_LONGEST} characters at most)")
    if not word.isprintable():
        return Text(
            "改行や見えない文字は使えません",
            "it has line breaks or characters that cannot be seen",
        )
    return None


def why_no_text(word: str) -> Text | None:
    """Why free words cannot be a value or an answer, or None."""
    if word.startswith("-"):
        return Text(
            "「-」では始められません（コマンドがオプションと読みます）",
            "it cannot begin with '-': a command would take it for an option",
        )
    return why_no_word(word)


def _text(_parameter: Parameter, word: str, _context: _Context) -> Value:
    why = why_no_text(word)
    if why is not None:
        raise _Wrong(why)
    return word


def _code(parameter: Parameter, word: str, context: _Context) -> Value:
    meant = context.words.bodies.get(word)
    if meant is not None and len(meant) == 1:
        return meant[0]
    if meant is not None:
        raise _Wrong(
            Text(
                f"「{word}」は {len(meant)} 団体あります（コードで選んでください）",
                f"{len(meant)} bodies are named '{word}': choose one by its code",
            )
        )
    if not parameter.known and word.isdigit():
        return _new_code(word)
    raise _Wrong(_hinted(no_body(word, context.words.bodies)))


def _new_code(word: str) -> str:
    if is_well_formed(word) and word in national_list():
        return word
    said = shown(word)
    raise _Wrong(
        Text(
            f"{said.ja}は全国の団体コードにありません",
            f"{said.en} is the code of no body of the national list",
        )
    )


def _selector(_parameter: Parameter, word: str, context: _Context) -> Value:
    why = why_unreadable(word, context.words)
    if why is not None:
        raise _Wrong(why)
    return word


def _hinted(error: UnreadableSelector) -> Text:
    hint = error.hint
    if hint is None:
        return error.reason
    return Text(f"{error.reason.ja}（{hint.ja}）", f"{error.reason.en}; {hint.en}")


def _service(_parameter: Parameter, word: str, context: _Context) -> Value:
    if word not in context.registry.services:
        raise _Wrong(not_known(word, context.registry.services, "サービス", "service"))
    return word


def _release(parameter: Parameter, word: str, context: _Context) -> Value:
    if not _VERSION.match(word):
        said = shown(word)
        raise _Wrong(
            Text(f"{said.ja}はリリース（例 1.2.0）ではありません", f"{said.en} is no release")
        )
    service = context.others.get(parameter.service or "")
    if isinstance(service, str):
        known = context.registry.services[service].manifest.releases
        if word not in known:
            raise _Wrong(not_known(word, known, f"{service} のリリース", f"release of {service}"))
    return word


def _operator(_parameter: Parameter, word: str, context: _Context) -> Value:
    operators = context.registry.operators
    found = called(operators, word)
    if found is None:
        raise _Wrong(not_known(word, {one.email for one in operators}, "担当者", "operator"))
    return found.email


def why_no_day(kind: Type, word: str) -> Text | None:
    """Why words are no date or month, or None."""
    try:
        (_day if kind is Type.DATE else _in_month)(word, date(2000, 1, 1))
    except _Wrong as error:
        return error.reason
    return None


def _date(_parameter: Parameter, word: str, context: _Context) -> Value:
    return _day(word, context.day)


def _day(word: str, today: date) -> date:
    if word == "today":
        return today
    try:
        if len(word) == len("2026-04-01"):
            return date.fromisoformat(word)
    except ValueError:
        pass
    said = shown(word)
    raise _Wrong(
        Text(
            f"{said.ja}は日付（例 2026-04-01、today）ではありません",
            f"{said.en} is not a date such as 2026-04-01, or today",
        )
    )


def _month(_parameter: Parameter, word: str, context: _Context) -> Value:
    return _in_month(word, context.day)


def _in_month(word: str, today: date) -> str:
    if word == "this-month":
        return f"{today:%Y-%m}"
    if word == "last-month":
        first = today.replace(day=1)
        return f"{date.fromordinal(first.toordinal() - 1):%Y-%m}"
    if not _MONTH.match(word):
        said = shown(word)
        raise _Wrong(
            Text(
                f"{said.ja}は月（例 2026-10、this-month、last-month）ではありません",
                f"{said.en} is not a month such as 2026-10, this-month or last-month",
            )
        )
    return word


def _integer(parameter: Parameter, word: str, _context: _Context) -> Value:
    if not _INTEGER.match(word):
        said = shown(word)
        raise _Wrong(Text(f"{said.ja}は整数ではありません", f"{said.en} is no whole number"))
    value = int(word)
    # Below zero only where the runbook says so: a command would take it for an option.
    least, most = parameter.least or 0, parameter.most
    if value < least:
        raise _Wrong(Text(f"{least} 以上です", f"it has to be {least} or more"))
    if most is not None and value > most:
        raise _Wrong(Text(f"{most} 以下です", f"it has to be {most} or less"))
    return value


def _choice(parameter: Parameter, word: str, _context: _Context) -> Value:
    if word not in parameter.choices:
        raise _Wrong(not_known(word, parameter.choices, "選択肢", "choice"))
    return word


def _flag(_parameter: Parameter, word: str, _context: _Context) -> Value:
    if word not in _FLAGS:
        raise _Wrong(Text("yes か no です", "it is yes or no"))
    return _FLAGS[word]


_READERS: Mapping[Type, Callable[[Parameter, str, _Context], Value]] = {
    Type.TEXT: _text,
    Type.CODE: _code,
    Type.SELECTOR: _selector,
    Type.SERVICE: _service,
    Type.RELEASE: _release,
    Type.OPERATOR: _operator,
    Type.DATE: _date,
    Type.MONTH: _month,
    Type.INTEGER: _integer,
    Type.CHOICE: _choice,
    Type.FLAG: _flag,
}
