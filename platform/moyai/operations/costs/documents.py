"""Statements and requests for bodies, and the overview for the secretariat, as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from moyai.costs.documents.compose.words import provisional
from moyai.costs.documents.write import Kind, Written, write_overview, write_statement
from moyai.costs.periods import Period, period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.overview import BudgetRow, Surroundings, overview
from moyai.costs.statements.request import Request, request
from moyai.costs.statements.statement import Issue
from moyai.costs.statements.titles import accounts_close
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.budgets import states_of
from moyai.operations.costs.months import issue_of, known_month, months_beside
from moyai.operations.costs.periods import open_costs, reckoned
from moyai.operations.site.places import today
from moyai.planning.selectors import Vanished, codes_then, former_codes_in
from moyai.registry.cost_rules import RuleSet
from moyai.registry.models import Registry
from moyai.texts import Lang, Text

ALONE = "alone"
"""The driver that says what a period would cost a body, procuring alone, in yen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which documents, and where to."""

    period: str
    folder: Path
    formats: tuple[Kind, ...]
    lang: Lang
    issued_on: date | None
    """None: the day on which the period was closed, or today."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What was written for one body."""

    code: str
    name: str
    files: list[Written]
    former: tuple[str, ...]
    """Former codes of it that were asked for, and that bear nothing under these in the period."""
    marks: tuple[Text, ...]
    """Why it is not final, as its papers say; nothing of a closed period."""
    notes: tuple[Text, ...]
    """What its papers do not say and who sends them should look at."""


def statements(file: Path | None, site: str, asked: Asked, selector: str) -> Iterator[Papers]:
    """Write the statements and requests of the selected bodies that bear something, one after the other.
    A body of the file means those that merged into it since, too; one that the file no longer has is known
    by the code, slug and name of that time, and its code means it alone where it bears the period itself.

    Raises as `allocation`, `UsageError` where none of them bears anything, `OperationFailed` where a file
    cannot be written.
    """
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(asked.period))
    found = issue_of(opened.manifest, made, asked.issued_on)
    registry = opened.workspace.registry
    chosen = _chosen(registry, made, found, selector)
    wanted = [one for one in found.statements if one.code in chosen]
    if not wanted:
        raise _nobody(made.basis.period)
    inputs = made.inputs
    borne = {one.code for one in found.statements}
    former = former_codes_in(registry, selector)
    marks = _marks(found)
    for one in wanted:
        asks = request(one, inputs.instalments, inputs.fiscal_year_start)
        files = write_statement(one, asks, asked.folder, asked.formats, asked.lang, inputs.names)
        instead = (old for old, code in former.items() if code == one.code and old not in borne)
        notes = (
            *_early(asked, made.basis.period),
            *_past(asks, today()),
            *_due_too_late(asks, inputs.fiscal_year_start),
        )
        yield Papers(one.code, one.name, files, tuple(instead), marks, notes)


def _chosen(registry: Registry, made: Reckoned, found: Issue, selector: str) -> frozenset[str]:
    """Codes that a selector means, of the file and of the period."""
    present = {body.code for body in registry.tenants}
    names = made.inputs.members.names
    slugs: dict[str, list[str]] = {}
    for word, code in names.items():
        if not word.isdigit():
            slugs.setdefault(code, []).append(word)
    vanished = [
        Vanished(one.code, slug, one.name)
        for one in found.statements
        if one.code not in present
        for slug in slugs.get(one.code, [one.code])
    ]
    return codes_then(registry, vanished, selector, made.basis.period.first)


@dataclass(frozen=True, slots=True)
class Reported:
    """The overview as it was written, and where the fiscal year's budgets stand."""

    files: list[Written]
    budgets: tuple[BudgetRow, ...]
    names: Mapping[str, str]
    """Code → name."""
    rules: RuleSet
    """By which the period is divided."""
    marks: tuple[Text, ...]
    """As of `Papers`."""
    notes: tuple[Text, ...]
    """As of `Papers`."""


def report(file: Path | None, site: str, asked: Asked) -> Reported:
    """Write the secretariat's overview of a period. Raises as `statements`."""
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(asked.period))
    members = made.inputs.members
    earlier = tuple(months_beside(opened, made))
    budgets = states_of(made, (*earlier, known_month(opened, made))) if made.inputs.budgets else ()
    around = Surroundings(
        populations=members.populations,
        earlier=tuple(one.asked for one in earlier),
        budgets=made.inputs.budgets,
        alone={code: int(yen) for code, yen in members.drivers.get(ALONE, {}).items()},
        quantities=members.drivers,
        year_start=made.inputs.fiscal_year_start,
        foreseen={one.budget: one.foreseen for one in budgets},
    )
    found = issue_of(opened.manifest, made, asked.issued_on)
    shown = overview(found, around)
    names = made.inputs.names
    files = write_overview(shown, asked.folder, asked.formats, asked.lang, names)
    notes = tuple(_early(asked, made.basis.period))
    return Reported(files, budgets, names, made.inputs.rules, _marks(found), notes)


def _due_too_late(asks: Request, year_start: str) -> Iterator[Text]:
    """Due days after the accounts of the period's year close, while those are open: days are the rules'."""
    year = asks.statement.period.fiscal_year(year_start)
    closes = accounts_close(year)
    late = [one.day for one in asks.dues if one.day is not None and one.day > closes]
    if late and asks.statement.basis.issued_on <= closes:
        yield Text(
            f"納期限 {late[0]} は、{year}年度の出納閉鎖（{closes}）の後です。"
            "閉鎖までに納めてもらうには、その間の日を cost_sharing の instalments.days に加えて"
            "書類を作り直してください。このままなら、閉鎖後の納入分は新しい年度の収入（過年度収入）になります",
            f"due on {late[0]}, after the accounts of {year} close on {closes}: to have it paid before, "
            "add a day until then to instalments.days of cost_sharing and write the papers again; "
            "what is paid later is revenue of the new fiscal year",
        )


def _marks(found: Issue) -> tuple[Text, ...]:
    return provisional(found.basis, leaves_cost=found.leaves_cost)


def _early(asked: Asked, period: Period) -> Iterator[Text]:
    """That the day of issue that was asked for is before the period is over."""
    if asked.issued_on is not None and asked.issued_on < period.end:
        yield Text(
            f"発行日 {asked.issued_on} は、{period} が終わる前です。",
            f"the day of issue, {asked.issued_on}, is before {period} is over.",
        )


def _past(asks: Request, now: date) -> Iterator[Text]:
    """Days on which something is due and that are over: papers can have a day of issue that is long ago."""
    for due in asks.dues:
        if due.day is not None and due.day < now:
            yield Text(
                f"支払期限 {due.day} は過ぎています（発行日は {asks.statement.basis.issued_on}）。",
                f"the due day {due.day} has passed; "
                f"the day of issue is {asks.statement.basis.issued_on}.",
            )


def _nobody(period: Period) -> UsageError:
    return UsageError(
        Text(
            f"{period} に、選んだ団体の負担はありません。",
            f"none of the selected bodies bears anything in {period}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai cost explain {period} CODE が、その理由を規則ごとに示します。",
            f"moyai cost explain {period} CODE shows why, rule by rule.",
        ),
    )
