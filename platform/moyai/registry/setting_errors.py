"""JSON Schema's refusals as sentences in both languages, by the keyword that refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from moyai.registry.words import one_line, shown
from moyai.texts import Text

_Sentence = Callable[[Any, Text], Text]


def _bound(ja: str, en: str) -> _Sentence:
    return lambda kind, value: Text(
        f"{value.ja}は {_json(kind.limit)} {ja}ではありません",
        f"it has to be {en.format(_json(kind.limit))}, not {value.en}",
    )


def _size(ja: str, en: str) -> _Sentence:
    return lambda kind, _value: Text(ja.format(kind.limit), en.format(kind.limit))


def _fixed(ja: str, en: str) -> _Sentence:
    return lambda _kind, value: Text(ja.format(value.ja), en.format(value.en))


def _type(kind: Any, value: Text) -> Text:
    ja = "か".join(_TYPES.get(one, Text(one, one)).ja for one in kind.types)
    en = " or ".join(_TYPES.get(one, Text(one, one)).en for one in kind.types)
    return Text(f"{ja}が要ります（{value.ja}でした）", f"{en} is needed, not {value.en}")


def _enum(kind: Any, value: Text) -> Text:
    choices = ", ".join(_json(one) for one in kind.options)
    return Text(f"{value.ja}ではなく {choices} のどれかです", f"{value.en} is none of {choices}")


def _constant(kind: Any, value: Text) -> Text:
    wanted = _json(kind.expected_value)
    return Text(
        f"ほかの設定により {wanted} でなければなりません（{value.ja}でした）",
        f"with the other settings it has to be {wanted}, not {value.en}",
    )


def _format(kind: Any, value: Text) -> Text:
    name = _FORMATS.get(kind.format, Text(f"{kind.format} の形", f"of the form {kind.format}"))
    return Text(f"{value.ja}は{name.ja}ではありません", f"{value.en} is not {name.en}")


_TYPES: Mapping[str, Text] = {
    "string": Text("文字列", "a word"),
    "integer": Text("整数", "a whole number"),
    "number": Text("数", "a number"),
    "boolean": Text("true か false の値", "true or false"),
    "array": Text("リスト", "a list"),
    "object": Text("キーと値の組", "keys and values"),
    "null": Text("空", "nothing"),
}

_FORMATS: Mapping[str, Text] = {
    "email": Text("メールアドレス", "an e-mail address"),
    "date": Text("日付", "a date"),
    "time": Text("時刻", "a time"),
    "uri": Text("URL", "a URL"),
    "hostname": Text("ホスト名", "a host name"),
    "ipv4": Text("IPv4 アドレス", "an IPv4 address"),
}

SENTENCES: Mapping[str, _Sentence] = {
    "type": _type,
    "enum": _enum,
    "const": _constant,
    "format": _format,
    "minimum": _bound("以上", "{} or more"),
    "maximum": _bound("以下", "{} or less"),
    "exclusiveMinimum": _bound("より大きい値", "more than {}"),
    "exclusiveMaximum": _bound("より小さい値", "less than {}"),
    "multipleOf": lambda kind, value: Text(
        f"{value.ja}は {kind.multiple_of} の倍数ではありません",
        f"it has to be a multiple of {kind.multiple_of}, not {value.en}",
    ),
    "minLength": _size("短すぎます（{} 字以上）", "at least {} characters"),
    "maxLength": _size("長すぎます（{} 字まで）", "at most {} characters"),
    "minItems": _size("{} 件以上要ります", "at least {} needed"),
    "maxItems": _size("多すぎます（{} 件まで）", "at most {} allowed"),
    "minProperties": _size("{} 項目以上要ります", "at least {} keys needed"),
    "maxProperties": _size("多すぎます（{} 項目まで）", "at most {} keys allowed"),
    "uniqueItems": _fixed("同じ値が二度あります", "a value is there twice"),
    "required": _fixed("この設定が要ります", "this setting is missing"),
    "pattern": lambda kind, value: Text(
        f"{value.ja}は形が合いません（{kind.pattern}）",
        f"{value.en} does not fit the pattern {kind.pattern}",
    ),
    "anyOf": _fixed("{}は許される形のどれにも合いません", "{} fits none of the forms allowed"),
    "oneOf": _fixed("{}は許される形のちょうど一つに合いません", "{} has to fit exactly one form"),
    "not": _fixed("{}は使えません", "{} is not allowed"),
}


def sentence(error: jsonschema_rs.ValidationError) -> Text:
    """What a schema refused and why, without the value where it may be a secret."""
    value = shown(error.instance)
    known = SENTENCES.get(error.kind.name)
    if known is not None:
        return known(error.kind, value)
    return Text(
        f"サービスの規則に合いません（{error.kind.name}）",
        f"the service's schema refuses this ({error.kind.name})",
    )


def _json(value: object) -> str:
    return one_line(json.dumps(value, ensure_ascii=False, default=str)).strip('"')
