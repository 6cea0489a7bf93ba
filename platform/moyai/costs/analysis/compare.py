"""Two ways to share one bill, side by side, and a blend between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from moyai.costs.analysis.sums import Elsewhere, Sums
from moyai.costs.apportion.allocate import allocate
from moyai.costs.apportion.allocation import Allocation
from moyai.costs.apportion.inputs import Bill, Members
from moyai.registry.cost_rules import Part, RuleSet, ShareBy, WhenZero


@dataclass(frozen=True, slots=True)
class Change:
    """What one body bears one way and the other, yen."""

    code: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        """Yen more (less, where it is negative)."""
        return self.after - self.before

    @property
    def percent(self) -> Fraction | None:
        """The difference in percent of what it bears before; None where that is nothing."""
        return None if self.before == 0 else Fraction(100 * self.difference, abs(self.before))


@dataclass(frozen=True, slots=True)
class Rest:
    """What is not borne by bodies one way and the other, yen."""

    kind: Elsewhere
    before: int
    after: int

    @property
    def difference(self) -> int:
        """Yen more that bodies do not bear."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Changes:
    """One bill, borne one way and the other, yen with tax."""

    bodies: tuple[Change, ...]
    """Each that bears something either way, in order of codes."""
    rest: tuple[Rest, ...]
    """Where there is something either way: what bodies bear less is borne here, or by nobody."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a part of a blend is shared by."""

    by: ShareBy
    driver: str | None = None
    power: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Blend:
    """Percents of keys that make 100, and how far the body that it moves most moves."""

    percents: Mapping[Key, int]
    changes: tuple[Change, ...]
    worst: Fraction
    """Percent of the present, of the body that moves most."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for blends found."""

    found: tuple[Blend, ...]
    """Those that hold; the one that moves bodies least comes first."""
    nearest: Blend | None
    """The one that moves bodies least, whether it holds or not; None where each has a body bear
    something that bears nothing now."""


def keys_of(rules: RuleSet) -> tuple[Key, ...]:
    """Keys that a search can begin with: equal, population, and those by which rules share now."""
    used = (part for pool in rules.pools for part in pool.parts if part.by is not ShareBy.PERCENT)
    found = (Key(part.by, part.driver, part.power) for part in used)
    return tuple(dict.fromkeys((Key(ShareBy.EQUAL), Key(ShareBy.POPULATION), *found)))


def amounts(made: Allocation) -> dict[str, int]:
    """Body → yen before tax."""
    return {code: sum(one.jpy for one in borne) for code, borne in made.bodies()}


def compare(before: Sums, after: Sums, names: Mapping[str, str] | None = None) -> Changes:
    """One bill both ways. `names`: code of a body that merged since → its successor's, which is compared
    with both together."""
    return Changes(
        changes(_by_names(before.bodies, names or {}), _by_names(after.bodies, names or {})),
        tuple(
            Rest(kind, before.elsewhere[kind], after.elsewhere[kind])
            for kind in Elsewhere
            if before.elsewhere[kind] or after.elsewhere[kind]
        ),
    )


def _by_names(yen: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for code, jpy in yen.items():
        code = names.get(code, code)
        found[code] = found.get(code, 0) + jpy
    return found


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Change, ...]:
    """Every body of either table, in order of codes."""
    return tuple(
        Change(code, before.get(code, 0), after.get(code, 0)) for code in sorted({*before, *after})
    )


def search_blends(
    bill: Bill,
    rules: RuleSet,
    members: Members,
    keys: Sequence[Key],
    within: Fraction,
    step: int,
) -> Search:
    """Blends of keys, the same for all pools, that move no body by more than `within` percent.

    Percents go in steps of `step`. What each key alone comes to is worked out exactly; blends of that
    are weighed first, and only those that can hold, or be the nearest, are divided in full.
    """
    before = allocate(bill, rules, members)
    present = amounts(before)
    alone = {key: allocate(bill, blended(rules, {key: 100}), members) for key in keys}
    rough = _Rough(before, alone, rules)
    made: list[Blend] = []
    nearest: Fraction | None = None
    for least, chosen in rough.in_order(keys, step):
        if least > within and nearest is not None and least > nearest:
            break
        moved = changes(present, amounts(allocate(bill, blended(rules, chosen), members)))
        worst = _worst(moved)
        if worst is not None:
            made.append(Blend(chosen, moved, worst))
            nearest = worst if nearest is None else min(nearest, worst)
    made.sort(key=lambda one: (one.worst, _order(one.percents)))
    found = tuple(one for one in made if one.worst <= within)
    return Search(found, made[0] if made else None)


class _Rough:
    """What blends come to, near enough to leave out those that cannot hold.

    Shares are linear in the percents, but for rounding (less than a unit for each body and pool, all of
    which one body may bear), for least and most, and where a key alone leaves something unallocated.
    """

    def __init__(
        self, present: Allocation, alone: Mapping[Key, Allocation], rules: RuleSet
    ) -> None:
        self._present = amounts(present)
        self._alone = {key: amounts(made) for key, made in alone.items()}
        self._codes = sorted({code for one in self._alone.values() for code in one})
        self._slack = rules.rounding.unit * max(len(self._codes), 1) * max(len(rules.pools), 1)
        self._linear = all(
            pool.minimum is None and pool.maximum is None for pool in rules.pools
        ) and all(made.unallocated_jpy == present.unallocated_jpy for made in alone.values())

    def in_order(self, keys: Sequence[Key], step: int) -> list[tuple[Fraction, dict[Key, int]]]:
        """Every blend that leaves bodies that bear nothing so, with the percent by which it certainly
        moves some body; the smallest first."""
        found: list[tuple[Fraction, dict[Key, int]]] = []
        for percents in _percents(len(keys), 100, step):
            chosen = {key: percent for key, percent in zip(keys, percents, strict=True) if percent}
            least = self._least(chosen)
            if least is not None:
                found.append((least, chosen))
        return sorted(found, key=lambda one: (one[0], _order(one[1])))

    def _least(self, percents: Mapping[Key, int]) -> Fraction | None:
        """The percent by which some body certainly moves; None where one certainly comes to bear
        something from nothing."""
        least = Fraction()
        if not self._linear:
            return least
        for code in self._codes:
            hundredfold = sum(
                percent * self._alone[key].get(code, 0) for key, percent in percents.items()
            )
            present = self._present.get(code, 0)
            over = abs(hundredfold - 100 * present) - 200 * self._slack
            if over <= 0:
                continue
            if present == 0:
                return None
            least = max(least, Fraction(over, abs(present)))
        return least


def blended(rules: RuleSet, percents: Mapping[Key, int]) -> RuleSet:
    """A rule set whose pools are all shared by one blend."""
    parts = tuple(
        Part(key.by, Fraction(percent), key.power, key.driver, {}, WhenZero.OTHER_PARTS)
        for key, percent in percents.items()
    )
    return replace(rules, pools=tuple(replace(pool, parts=parts) for pool in rules.pools))


def _worst(moved: Sequence[Change]) -> Fraction | None:
    """The largest movement in percent; None where a body comes to bear something from nothing."""
    worst = Fraction()
    for change in moved:
        percent = change.percent
        if percent is None:
            if change.difference:
                return None
            continue
        worst = max(worst, abs(percent))
    return worst


def _percents(count: int, whole: int, step: int) -> Iterator[tuple[int, ...]]:
    """Every way to make `whole` of so many numbers in steps; the last takes what is left."""
    if count == 1:
        yield (whole,)
        return
    for first in range(0, whole + 1, step):
        for rest in _percents(count - 1, whole - first, step):
            yield (first, *rest)


def _order(percents: Mapping[Key, int]) -> list[tuple[str, str, int]]:
    return [(key.by.value, key.driver or "", percent) for key, percent in percents.items()]
