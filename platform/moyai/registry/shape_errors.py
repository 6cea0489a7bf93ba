"""pydantic's errors as sentences that a person who edits tenants.yaml understands."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from moyai.registry.file_model import RegistryFile
from moyai.registry.problems import Reporter
from moyai.registry.yaml_tree import Path
from moyai.texts import Text

_Sentence = Callable[[Mapping[str, Any]], Text]


def _fixed(ja: str, en: str) -> _Sentence:
    return lambda _context: Text(ja, en)


def _value(ja: str, en: str) -> _Sentence:
    def sentence(context: Mapping[str, Any]) -> Text:
        words = _short(context.get("value", context.get("input")))
        return Text(ja.format(words), en.format(words))

    return sentence


_SENTENCES: Mapping[str, _Sentence] = {
    "missing": _fixed("必須の項目がありません", "this key is missing"),
    "moyai_code_number": _value(
        "コードの先頭の0が失われています（{}）。引用符で囲んだ6桁にしてください",
        "the code lost its leading zeros ({}): write six digits in quotes",
    ),
    "moyai_network": _value(
        "「{}」は IPv4 ネットワーク（例 10.200.1.0/24）ではありません",
        "'{}' is not an IPv4 network such as 10.200.1.0/24",
    ),
    "moyai_host_bits": lambda c: Text(
        f"「{c['value']}」はネットワークの先頭ではありません（{c['meant']} ではありませんか）",
        f"'{c['value']}' has host bits set; did you mean {c['meant']}?",
    ),
    "moyai_date": _value(
        "「{}」は日付（例 2026-04-01）ではありません", "'{}' is not a date such as 2026-04-01"
    ),
    "moyai_time": _value(
        '「{}」は時刻（例 "22:00"）ではありません', "'{}' is not a time such as \"22:00\""
    ),
    "moyai_slug": _value(
        "「{}」は使えません: 英小文字で始まる英小文字・数字・ハイフン、32字まで",
        "'{}' will not do: a lower-case letter, then letters, digits and hyphens, 32 at most",
    ),
    "moyai_email": _value("「{}」はメールアドレスではありません", "'{}' is not an e-mail address"),
    "moyai_phone": _value(
        "「{}」は電話番号ではありません（数字とハイフン）",
        "'{}' is not a telephone number (digits and hyphens)",
    ),
    "moyai_domain": _value("「{}」はドメイン名ではありません", "'{}' is not a domain name"),
    "moyai_month_day": _value(
        "「{}」は月日（例 04-01）ではありません", "'{}' is not a month and day such as 04-01"
    ),
    "moyai_version": _value(
        "「{}」は版（例 1.2.0）ではありません", "'{}' is not a release such as 1.2.0"
    ),
    "moyai_account": _value(
        "「{}」は AWS アカウント番号（12桁、引用符付き）ではありません",
        "'{}' is not an AWS account number (12 digits in quotes)",
    ),
    "moyai_tag": _value(
        "「{}」はタグに使えません（文字・数字・空白・ . : / = + - @ 、128字まで）",
        "'{}' cannot be a tag (letters, digits, spaces, . : / = + - @, 128 at most)",
    ),
    "enum": lambda c: Text(
        f"「{_short(c.get('input'))}」ではなく {_choices(c)} のどれかです",
        f"'{_short(c.get('input'))}' is none of {_choices(c)}",
    ),
    "literal_error": lambda c: Text(
        f"「{_short(c.get('input'))}」ではなく {_choices(c)} のどれかです",
        f"'{_short(c.get('input'))}' is none of {_choices(c)}",
    ),
    "string_type": _value("文字列が要ります（{} でした）", "a word is needed, not {}"),
    "string_too_short": _fixed("空にはできません", "this cannot be empty"),
    "string_too_long": lambda c: Text(
        f"長すぎます（{c['max_length']} 字まで）",
        f"too long ({c['max_length']} characters at most)",
    ),
    "int_type": _value("整数が要ります（{} でした）", "a whole number is needed, not {}"),
    "bool_type": _value("true か false が要ります（{} でした）", "true or false is needed, not {}"),
    "greater_than_equal": lambda c: Text(f"{c['ge']} 以上です", f"at least {c['ge']}"),
    "less_than_equal": lambda c: Text(f"{c['le']} 以下です", f"at most {c['le']}"),
    "too_short": lambda c: Text(
        f"{c['min_length']} 件以上要ります", f"at least {c['min_length']} are needed"
    ),
    "too_long": lambda c: Text(f"{c['max_length']} 件までです", f"at most {c['max_length']}"),
    "tuple_type": _value("リスト（- …）が要ります", "a list (- …) is needed"),
    "dict_type": _value("キーと値の組が要ります", "keys and values are needed"),
    "model_type": _value("キーと値の組が要ります", "keys and values are needed"),
    "model_attributes_type": _value("キーと値の組が要ります", "keys and values are needed"),
}


def report_shape(reporter: Reporter, errors: list[ErrorDetails]) -> None:
    """Add pydantic's errors to a file's problems."""
    for error in errors:
        path = tuple(step for step in error["loc"] if step != "[key]")
        if error["type"] == "extra_forbidden":
            reporter.error(path, _unknown_key(path), at_key=True)
            continue
        context = {"input": error.get("input"), **error.get("ctx", {})}
        sentence = _SENTENCES.get(error["type"])
        message = (
            Text("値が正しくありません", "this value is wrong")
            if sentence is None
            else (sentence(context))
        )
        reporter.error(path, message)


def _unknown_key(path: Path) -> Text:
    known = _keys_beside(path)
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    if near:
        return Text(
            f"「{path[-1]}」というキーはありません（{near[0]} ではありませんか）",
            f"there is no key '{path[-1]}'; did you mean {near[0]}?",
        )
    return Text(
        f"「{path[-1]}」というキーはありません。使えるもの: {', '.join(known)}",
        f"there is no key '{path[-1]}'; known: {', '.join(known)}",
    )


def _keys_beside(path: Path) -> list[str]:
    """The keys that the model at a path's parent knows."""
    annotation: Any = RegistryFile
    for step in path[:-1]:
        annotation = _inner(annotation, step)
    model = _model(annotation)
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(annotation: Any, step: str | int) -> Any:
    model = _model(annotation)
    if model is not None:
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
        return None
    below = [one for one in get_args(annotation) if _model(one) is not None]
    return below[0] if below else None


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    options = [one for one in get_args(annotation) if one is not type(None)]
    if type(None) in get_args(annotation) and len(options) == 1:
        return _model(options[0])
    return None


def _choices(context: Mapping[str, Any]) -> str:
    return str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")


def _short(value: object) -> str:
    words = str(value)
    return words if len(words) <= 60 else words[:57] + "…"
