"""Happenings and what surrounds them, for tests of who is told what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from tests.sample import SAMPLE
from tests.unit.planning.fleet.made_plans import body, plan, wave

from moyai.operations.notices.audiences import Notice, notices
from moyai.operations.notices.scene import BodyNow, Happened, Scene
from moyai.planning.fleet.plans import OperationPlan
from moyai.registry.load import require
from moyai.registry.models import Operator, Registry, Role
from moyai.registry.operation_settings import (
    BodyApprover,
    Event,
    Notifications,
    OperationSettings,
    Smtp,
    SnsTopic,
    Webhook,
)
from moyai.texts import Text

AT = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
TODAY = date(2026, 11, 26)
OSAKA, SAKAI, KISHIWADA = "271004", "271403", "272027"
EVERYTHING = tuple(Event)
SMTP = Smtp("mail.example.jp", 587, "moyai@example.jp", "starttls", None, None)
TOLD = Notifications(
    SMTP,
    EVERYTHING,
    EVERYTHING,
    (Webhook("https://hooks.example.jp/secret-path", "/etc/hook", EVERYTHING),),
    (SnsTopic("arn:aws:sns:ap-northeast-1:123456789012:operations", EVERYTHING),),
)
ERROR = {
    "what": {"ja": "移行に失敗しました。", "en": "the migration failed."},
    "touched": None,
    "remedy": {"ja": "移行を直してください。", "en": "Mend the migration."},
}


@cache
def sample() -> Registry:
    """The sample."""
    return require(SAMPLE)


def registry(told: Notifications = TOLD, **given: object) -> Registry:
    """The sample, with these settings."""
    found = replace(sample(), operations=OperationSettings(notifications=told))
    return replace(found, **given)  # type: ignore[arg-type]


def operator(email: str, role: Role, bodies: str = "all", until: date = TODAY) -> Operator:
    """An operator."""
    return Operator(email, email, role, bodies, until, "ssh-ed25519 x")


def with_approver(code: str, email: str, until: date = TODAY) -> Registry:
    """The sample with an approver of one body."""
    tenants = tuple(
        replace(one, approvers=(BodyApprover(email, email, until, "ssh-ed25519 x"),))
        if one.code == code
        else one
        for one in sample().tenants
    )
    return registry(tenants=tenants)


def a_plan() -> OperationPlan:
    """Two waves: 大阪市 and 堺市, then 岸和田市; planned by the sample's planner."""
    names = {OSAKA: "大阪市", SAKAI: "堺市", KISHIWADA: "岸和田市"}
    bodies = [body(OSAKA), body(SAKAI), body(KISHIWADA, 2)]
    named = [replace(one, name=names[one.code]) for one in bodies]
    found = plan([wave(1), wave(2)], named)
    return replace(found, planned_by="keikaku@jimukyoku.example.jp", approval_seconds=3600)


def scene(plan: OperationPlan | None = None, **statuses: str) -> Scene:
    """The operation; statuses of bodies as `_271004="failed"`, with an error where that is one."""
    bodies: Mapping[str, BodyNow] = {
        code[1:]: BodyNow(status, ERROR if status in ("failed", "held") else None)
        for code, status in statuses.items()
    }
    title = Text("一斉更新", "upgrade")
    given = plan or a_plan()
    return Scene("東共同体", "20261126-3", title, "sandbox", given, "ab" * 32, bodies)


def happened(event: Event, code: str | None = None, **facts: object) -> Happened:
    """A happening on record."""
    about = code or "x"
    return Happened(f"{event}:20261126-3:{about}:1", event, "20261126-3", code, facts, AT)


def told(
    one: Happened, where: Scene | None = None, by: Registry | None = None
) -> tuple[Notice, ...]:
    """The notices of one happening."""
    return notices([one], where or scene(), by or registry(), TODAY)


def audiences(found: tuple[Notice, ...]) -> list[str]:
    """Whom they are to, by mail."""
    return [one.audience for one in found if one.channel == "mail"]
