"""What is odd about rules of cost sharing beside what is on record of a period, each with its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from moyai.costs.ledger.matches import Matches, Strays
from moyai.costs.periods import Period
from moyai.infra.scope import SHARED, TENANT_TAG
from moyai.operations.costs.findings import Finding
from moyai.registry.cost_rules import Condition, Direct, Pool, RuleSet
from moyai.registry.paths import Path
from moyai.registry.problems import Problem
from moyai.registry.words import mistyped, one_line
from moyai.texts import Text, counted

MOST_NAMED = 20
"""How many keys of one mapping, and rows of one file, have a finding of their own."""
_BODY_CODE = "body_code"
"""The heading of the template, as it is in English."""
_NAMED = 3
"""How many values a sentence names."""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What there is of a period to hold rules against."""

    period: Period
    columns: Collection[str]
    """Of all files on record, those of other periods too; `Tags.KEY` for tags."""
    drivers: Collection[str]
    """With figures in the period."""
    metered: Collection[str]
    """Drivers that `moyai cost meter` brings."""
    names: Collection[str]
    """Codes, former codes and slugs."""
    values: Callable[[str], Sequence[str]]
    """Column → values that the period's rows have."""


def record_findings(
    rules: RuleSet,
    matches: Sequence[Matches],
    caught: Mapping[str, int],
    dead: Collection[Path],
    record: OnRecord,
) -> Iterator[Finding]:
    """Rules that catch no row on record, columns that no file has, values that mean no body, drivers
    without figures.

    `caught`: rule → rows that belong to it, in its place among the others; `dead`: rules that catch
    nothing whatever the rows, which is said elsewhere.
    """
    wanted = frozenset(
        value for one in matches for condition in one.rule.where or () for value in condition.values
    )
    for found in matches:
        unknown = list(_columns(found.rule, record))
        yield from unknown
        if unknown:
            continue
        yield from _strangers(found, record)
        idle = [] if found.rows else list(_idle(found, record, wanted))
        yield from idle or _absent(found, record)
        if not found.rows:
            continue
        if not caught.get(found.rule.name) and found.rule.path not in dead and found.rule.where:
            # what is for all that is left may find nothing left
            yield (*found.rule.path, "where"), _taken(found.rows, record.period)
    for pool in rules.pools:
        yield from _drivers(pool, record)


def _columns(rule: Direct | Pool, record: OnRecord) -> Iterator[Finding]:
    asked: list[tuple[Path, str]] = [
        ((*rule.path, "where", one.column), one.column) for one in rule.where or ()
    ]
    if isinstance(rule, Direct):
        asked.append(((*rule.path, "column"), rule.column))
    for path, column in asked:
        if column not in record.columns:
            ja, en = _near(column, record.columns)
            name = one_line(column)
            yield (
                path,
                Text(
                    f"登録済みのどのファイルにも、列「{name}」がありません{ja}",
                    f"no file on record has a column '{name}'{en}",
                ),
            )


def _strangers(found: Matches, record: OnRecord) -> Iterator[Finding]:
    rule = found.rule
    if not isinstance(rule, Direct):
        return
    # what all share has a word of Moyai's own in the place of a body
    own = SHARED if rule.column == f"Tags.{TENANT_TAG}" else None
    strange = [value for value in found.strangers if value != own]
    if not strange:
        return
    ja, en = _listed(strange, {*record.names, *rule.bodies})
    yield (
        (*rule.path, "column"),
        Text(
            f"{record.period} に、どの団体も表さない値の行があり、この規則は取りません（{ja}）",
            f"{record.period} has rows whose value means no body, which it does not catch: {en}",
        ),
    )


def _absent(found: Matches, record: OnRecord) -> Iterator[Finding]:
    """Keys of a direct rule's `bodies` that no row has."""
    path: Path = (*found.rule.path, "bodies")
    for value in found.absent[:MOST_NAMED]:
        ja, en = _near(value, found.strangers)
        yield (
            (*path, value),
            Text(
                f"{record.period} の当たる行に、この値がありません{ja}",
                f"no row of {record.period} that it is for has this value{en}",
            ),
        )
    more = len(found.absent) - MOST_NAMED
    if more > 0:
        yield (
            path,
            Text(
                f"{record.period} の当たる行にない値が、ほかに {more} 件あります",
                f"{counted(more, 'more value is', 'more values are')} in no row of {record.period}",
            ),
        )


def stray_problems(found: Iterable[Strays], rules: RuleSet) -> Iterator[Problem]:
    """Rows by the template that name a body, which a rule set charges to no body by a direct rule."""
    name = one_line(rules.name)
    for file in found:
        for line, code in file.first:
            code = one_line(code)
            yield _of_row(
                file.file,
                line,
                Text(
                    f"{code} の費用ですが、「{name}」に、これを取る直接負担の規則"
                    f"（column: Tags.{TENANT_TAG}）がなく、この団体の負担になりません",
                    f"it is a cost of {code}, yet '{name}' has no direct rule that takes it "
                    f"(column: Tags.{TENANT_TAG}): it is not charged to this body",
                ),
            )
        more = file.rows - len(file.first)
        if more > 0:
            yield _of_row(
                file.file,
                file.first[-1][0],
                Text(
                    f"この後の行にも同じものが {more:,} 件あります",
                    f"{counted(more, 'more row', 'more rows')} like it below",
                ),
            )


def _of_row(file: str, line: int, words: Text) -> Problem:
    return Problem(file, line, 1, _BODY_CODE, words, "warning")


def _idle(found: Matches, record: OnRecord, wanted: Collection[str | None]) -> Iterator[Finding]:
    """Why a rule whose columns are there catches nothing. `wanted`: values of all rules, so that none of
    another rule's is taken for what was rather meant."""
    where = found.rule.where or ()
    empty = [one for one, rows in zip(where, found.by_condition, strict=True) if not rows]
    for condition in empty:
        yield (*found.rule.path, "where", condition.column), _no_value(condition, record, wanted)
    if empty or found.strangers:
        return
    if isinstance(found.rule, Direct):
        name = one_line(found.rule.column)
        yield (
            (*found.rule.path, "column"),
            Text(
                f"{record.period} の当たる行に、列「{name}」の値がありません",
                f"no row of {record.period} that it is for has a value in '{name}'",
            ),
        )
    else:
        yield (
            (*found.rule.path, "where"),
            Text(
                f"{record.period} に、条件のすべてに当たる行がありません",
                f"no row of {record.period} meets all of its conditions",
            ),
        )


def _no_value(condition: Condition, record: OnRecord, wanted: Collection[str | None]) -> Text:
    own = [value for value in condition.values if value is not None]
    if not own:
        return Text(
            f"{record.period} の行には、どれにも値があります",
            f"every row of {record.period} has a value",
        )
    others = [value for value in record.values(condition.column) if value not in wanted]
    near = (mistyped(value.rstrip("*"), others) for value in own)
    ja, en = _meant(next((one for one in near if one is not None), None))
    return Text(
        f"{record.period} に、この値の行がありません{ja}",
        f"no row of {record.period} has such a value{en}",
    )


def _taken(rows: int, period: Period) -> Text:
    return Text(
        f"{period} では、当たる行（{rows:,} 行）をすべて先の規則が取ります",
        f"in {period} all of its rows ({rows:,}) go to rules before it",
    )


def _drivers(pool: Pool, record: OnRecord) -> Iterator[Finding]:
    for i, part in enumerate(pool.parts):
        if part.driver is None or part.driver in record.drivers:
            continue
        name = one_line(part.driver)
        ja, en = _near(part.driver, {*record.drivers, *record.metered})
        if part.driver in record.metered:
            ja = f"（moyai cost meter {record.period} で計量できます）"
            en = f"; moyai cost meter {record.period} measures it"
        yield (
            (*pool.path, "shares", i, "driver"),
            Text(
                f"指標「{name}」は {record.period} に登録されていません{ja}",
                f"the driver '{name}' is not on record in {record.period}{en}",
            ),
        )


def _near(word: str, known: Collection[str]) -> tuple[str, str]:
    """What was rather meant, in both languages, where there is something like it."""
    return _meant(mistyped(word, known))


def _meant(found: str | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    return f"（{one_line(found)} ではありませんか）", f"; did you mean {one_line(found)}?"


def _listed(values: Sequence[str], known: Collection[str]) -> tuple[str, str]:
    """The first of several values, with what was rather meant, in both languages."""
    ja, en = [], []
    for value in values[:_NAMED]:
        near = mistyped(value, known)
        ja.append(f"「{one_line(value)}」" + (f"→ {one_line(near)}？" if near else ""))
        en.append(f"'{one_line(value)}'" + (f" ({one_line(near)}?)" if near else ""))
    more = len(values) - _NAMED
    if more > 0:
        ja.append(f"ほか {more} 種")
        en.append(counted(more, "more", "more"))
    return "、".join(ja), ", ".join(en)
