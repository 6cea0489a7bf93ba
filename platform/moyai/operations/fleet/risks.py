"""What is known of bodies when work on them is planned: from the record, and what of a plan is not so."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from moyai.operations.database.debts import owed_at
from moyai.operations.database.reading import verified_restores
from moyai.operations.database.rows import OperationView
from moyai.operations.fleet.opening import Office
from moyai.planning.fleet.durations import service_of
from moyai.planning.fleet.known_risks import asked_for, known_risks
from moyai.planning.fleet.said import risk_words
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Risk
from moyai.texts import Text


def failed_before(office: Office, kind: str, subject: str, now: datetime) -> frozenset[str]:
    """The codes of bodies to which work of a kind, and of the subject's service, is owed."""
    with office.engine.connect() as connection:
        return owed_at(connection, office.workspace.site.name, kind, service_of(subject), now)


def risks_otherwise(
    connection: sa.Connection, view: OperationView, registry: Registry
) -> tuple[Text, ...]:
    """Sentences about risks by which waves take bodies, where a plan has others than were on record when it was
    made. What its migrations are is found when each body's turn comes."""
    asked, plan = asked_for(registry.operations), view.plan
    told = known_risks(plan)
    found: dict[str, frozenset[str]] = {}
    if Risk.FAILED_BEFORE in asked:
        service = service_of(plan.subject)
        found[Risk.FAILED_BEFORE] = owed_at(
            connection, plan.site, plan.kind, service, plan.planned_at
        )
    service_asked = plan.parameters.get("service")
    if Risk.UNVERIFIED in asked and plan.kind == "upgrade" and isinstance(service_asked, str):
        days = timedelta(days=registry.operations.verified_restore_days)
        counted = {
            code
            for code, seen in verified_restores(connection, service_asked).items()
            if plan.planned_at - seen <= days
        }
        # One that was tried since hides what was before: it is taken as told.
        found[Risk.UNVERIFIED] = frozenset(code for code in told if code not in counted)
    return tuple(
        _otherwise(risk, codes)
        for risk, known in found.items()
        if (codes := [one for one in told if (risk in told[one]) is not (one in known)])
    )


def _otherwise(risk: str, codes: list[str]) -> Text:
    words = risk_words(risk)
    return Text(
        f"適用枠を分けるリスク（{words.ja}）が記録と違います: {'、'.join(codes)}",
        f"a risk that divides the waves ({words.en}) is not as on record: {', '.join(codes)}",
    )
