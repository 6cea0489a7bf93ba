"""Settings against a service's schema: defaults, refusals and their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moyai.registry.models import Manifest, Routes
from moyai.registry.settings import SettingsChecker

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["office"],
    "properties": {
        "office": {"type": "string", "title": "担当課", "minLength": 2, "maxLength": 5},
        "years": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10, "multipleOf": 2},
        "mode": {"enum": ["a", "b"], "default": "a"},
        "mail": {"type": "string", "format": "email"},
        "code": {"type": "string", "pattern": "^[0-9]{3}$"},
        "days": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 2},
        "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "never": {"not": {"type": "string"}},
        "payment": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"fee": {"type": "integer", "default": 300}, "way": {"type": "string"}},
        },
    },
    "if": {"properties": {"mode": {"const": "b"}}},
    "then": {"properties": {"years": {"const": 4}}},
}


@pytest.fixture(scope="module")
def checker() -> SettingsChecker:
    manifest = Manifest(
        "x", Path(), "", "", {}, {}, Routes(None, None, 80, "/"), SCHEMA, content_hash=""
    )
    return SettingsChecker(manifest)


def test_defaults_are_filled_in_also_inside_objects(checker: SettingsChecker) -> None:
    assert checker.complete({"office": "総務課"}) == {"office": "総務課", "mode": "a"}
    completed = checker.complete({"office": "総務課", "payment": {"way": "cash"}})
    assert completed["payment"] == {"fee": 300, "way": "cash"}


def test_frozen_settings_have_no_lists(checker: SettingsChecker) -> None:
    assert checker.frozen({"days": ["mon", "tue"]})["days"] == ("mon", "tue")


def test_what_is_given_is_not_changed(checker: SettingsChecker) -> None:
    given = {"payment": {"way": "cash"}}
    checker.complete(given)
    assert given == {"payment": {"way": "cash"}}


@pytest.mark.parametrize(
    ("settings", "path", "ja", "en"),
    [
        ({"office": "課"}, ("office",), "担当課: 短すぎます（2 字以上）", "at least 2 characters"),
        (
            {"office": "情報政策推進課"},
            ("office",),
            "担当課: 長すぎます（5 字まで）",
            "at most 5 characters",
        ),
        ({"office": 3}, ("office",), "文字列が要ります（「3」でした）", "a word is needed, not 3"),
        ({"years": 0}, ("years",), "「0」は 1 以上ではありません", "1 or more, not 0"),
        (
            {"years": 10},
            ("years",),
            "「10」は 10 より小さい値ではありません",
            "less than 10, not 10",
        ),
        ({"years": 3}, ("years",), "「3」は 2 の倍数ではありません", "a multiple of 2, not 3"),
        ({"years": "2"}, ("years",), "整数が要ります", "a whole number is needed, not '2'"),
        ({"mode": "c"}, ("mode",), "「c」ではなく a, b のどれかです", "'c' is none of a, b"),
        ({"mode": "b", "years": 2}, ("years",), "ほかの設定により 4 でなければ", "has to be 4"),
        ({"mail": "x"}, ("mail",), "「x」はメールアドレスではありません", "an e-mail address"),
        ({"code": "12"}, ("code",), "形が合いません", "does not fit the pattern ^[0-9]{3}$"),
        ({"days": ["a", "a"]}, ("days",), "同じ値が二度あります", "a value is there twice"),
        ({"days": ["a", "b", "c"]}, ("days",), "多すぎます（2 件まで）", "at most 2 allowed"),
        ({"days": ["a", 1]}, ("days", 1), "文字列が要ります", "a word is needed"),
        ({"either": "x"}, ("either",), "許される形のどれにも", "fits none of the forms"),
        ({"never": "x"}, ("never",), "「x」は使えません", "'x' is not allowed"),
        ({"payment": []}, ("payment",), "キーと値の組が要ります", "keys and values is needed"),
        ({"payment": {"fees": 1}}, ("payment", "fees"), "fee ではありませんか", "mean fee?"),
        ({"yaers": 1}, ("yaers",), "years ではありませんか", "did you mean years?"),
    ],
)
def test_a_refusal_says_where_and_why(
    checker: SettingsChecker, settings: dict[str, Any], path: tuple[object, ...], ja: str, en: str
) -> None:
    (refusal,) = checker.refusals({"office": "総務課", **settings})
    assert refusal.path == path
    assert ja in refusal.reason.ja
    assert en in refusal.reason.en


def test_a_missing_setting_is_told_at_its_own_path(checker: SettingsChecker) -> None:
    (refusal,) = checker.refusals({})
    assert (refusal.path, refusal.is_missing) == (("office",), True)
    assert refusal.reason.ja == "担当課: この設定が要ります"


def test_what_may_be_a_secret_is_not_shown(checker: SettingsChecker) -> None:
    found = checker.refusals(
        {"office": "https://user:hunter2@example.jp", "years": "postgresql://a"}
    )
    assert len(found) == 2
    for refusal in found:
        assert "hunter2" not in refusal.reason.ja + refusal.reason.en
        assert "postgresql" not in refusal.reason.ja + refusal.reason.en
