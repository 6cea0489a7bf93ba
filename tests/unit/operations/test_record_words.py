"""Whatever is on record of a body is told in words of both languages."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import moyai.operations.kinds
from moyai.audit.export import Header
from moyai.audit.page import Words, page
from moyai.audit.records import Entry, genesis, seal
from moyai.json_value import JsonValue
from moyai.operations import database
from moyai.operations.audit.detail_words import DETAILS, detail_place, detail_word
from moyai.operations.audit.record_words import (
    ACTIONS,
    RESULTS,
    action_word,
    outcome,
    result_word,
    said_of,
)
from moyai.operations.kinds.site import SiteSource
from moyai.operations.runbooks import records, telling
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.step_names import STEPS, step_word
from moyai.planning.fleet.ways_back import NOT_SAID, NOTHING, UNDONE, WayBack, stays
from moyai.texts import Text

_SQL = "\n".join(
    one.read_text(encoding="utf-8")
    for one in sorted(Path(database.__file__).parent.glob("migrations/versions/*.sql"))
    if one.name >= "0005"
)
_WANTED = ("run", "pause", "cancel", "stop")


def _steps() -> set[str]:
    """The names of all steps of all kinds; of those about a service, what stands before the colon."""
    found = set()
    for module in pkgutil.walk_packages(moyai.operations.kinds.__path__, "moyai.operations.kinds."):
        for _, made in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if made.__module__ != module.name or not hasattr(made, "do") or made.__name__[0] == "_":
                continue
            given = {"service": "eapp-a"} if "service" in inspect.signature(made).parameters else {}
            try:
                step = made(SiteSource(Path("tenants.yaml"), "sandbox"), **given)
                found.add(step.name.partition(":")[0])
            except (TypeError, AttributeError, NotImplementedError):
                continue  # what steps have in common
    return found


def test_every_step_of_every_kind_has_a_word() -> None:
    steps = _steps()
    assert {"preflight", "migrate-expand", "dump", "void", "file", "back-data"} <= steps
    assert steps <= set(STEPS)


def test_what_the_database_writes_of_a_record_has_a_word() -> None:
    written = set(re.findall(r"jsonb_build_object\('([a-z_]+)'", _SQL))
    assert {"what", "kind", "codes"} <= written
    sentences, answers = {"ja"}, {"now"}
    assert written - sentences - answers <= set(DETAILS)
    assert min(DETAILS, key=detail_place) == "what"
    assert detail_word("never_heard_of") == Text("never_heard_of", "never_heard_of")


def test_every_action_that_the_database_writes_has_a_word() -> None:
    written = set(re.findall(r"'([a-z]+\.[a-z]+)', p_", _SQL))
    written |= set(re.findall(r"'(operation\.[a-z]+)'", _SQL))
    written |= {f"operation.{one}" for one in _WANTED}
    written |= {f"{kind}.{end}" for kind in NAMES for end in ("step", "body")}
    written |= {f"runbook.{one}" for one in telling.Event.__args__}  # type: ignore[attr-defined]
    assert {"debt.settle", "operation.gate"} <= written
    assert written <= set(ACTIONS)


def test_every_result_has_a_word() -> None:
    of_runs = {*records.RunStatus.__args__, *records.StepStatus.__args__}  # type: ignore[attr-defined]
    assert of_runs | {"taken-over", "waiting", "approved", "answered"} <= set(RESULTS)


@pytest.mark.parametrize(
    ("code", "ja", "en"),
    [
        ("dump:eapp-a", "バックアップ（eapp-a）", "backup (eapp-a)"),
        ("-stack", "環境の適用（切戻しの手順）", "way back of stack update"),
        ("ask-the-town", "ask-the-town", "ask-the-town"),
        ("\x1b[2J", "\\x1b[2J", "\\x1b[2J"),
    ],
)
def test_a_step_is_told_with_its_service_and_its_way_back(code: str, ja: str, en: str) -> None:
    assert (step_word(code).ja, step_word(code).en) == (ja, en)


def test_what_has_no_name_stands_as_it_is() -> None:
    assert (action_word("x.y").ja, result_word("odd").en) == ("x.y", "odd")


@pytest.mark.parametrize(
    ("action", "details", "stands", "about"),
    [
        (
            "operation.status",
            {"status": "held", "reason": {"ja": "多い", "en": "too many"}},
            "held",
            "too many",
        ),
        ("operation.wave", {"wave": 2, "status": "soaking", "reason": None}, "soaking", "wave 2"),
        (
            "operation.gate",
            {"code": "271004", "error": {"what": {"ja": "否", "en": "unwell"}}},
            "done",
            "271004; unwell",
        ),
        ("upgrade.body", {}, "done", ""),
    ],
)
def test_a_record_shows_what_became_of_what_it_is_about(
    action: str, details: dict[str, JsonValue], stands: str, about: str
) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    entry = Entry(at=now, actor="moyai", action=action, result="done", details=details)
    record = seal(entry, genesis("federation"))
    assert outcome(record).en == stands
    assert said_of(record).en == about


@pytest.mark.parametrize(
    ("way_back", "stands"),
    [
        (UNDONE, "taken back"),
        (NOTHING, "there was nothing to take back"),
        (stays(Text("残します", "it can be restored")), "it can be restored"),
        (None, NOT_SAID.said.en),
    ],
)
def test_a_record_of_a_way_back_says_what_became_of_the_step(
    way_back: WayBack | None, stands: str
) -> None:
    """In words and on the page of an export, also a record of a version before."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    details: dict[str, JsonValue] = {} if way_back is None else {"way_back": way_back.document}
    entry = Entry(
        at=now,
        actor="moyai",
        action="upgrade.step",
        result="done",
        code="271004",
        step="-stack",
        details=details,
    )
    record = seal(entry, genesis("body:271004"))
    assert outcome(record).en == stands
    header = Header("federation", "271004", "body", now, genesis("body:271004"))
    words = Words(action_word, step_word, result_word, detail_word, detail_place)
    shown = "".join(page(header, [record], "en", words=words))
    assert "way back of stack update" in shown
    assert ("taken back" in shown) is (way_back == UNDONE)
    assert way_back is None or stands in shown
