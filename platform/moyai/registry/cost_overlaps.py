"""Which rules catch the same rows of a bill, and which catch none, by the file alone. Pure.

The values of a column fall into classes that no rule tells apart: each value that is written, what
begins with a prefix that is written and is none of these, no value, and anything else. Each class is
a bit, so that what a rule catches is a set of bits for each column, and everything below is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moyai.registry.cost_rules import Condition, Direct, Pool, RuleSet

_MOST_STEPS = 200_000
"""Of taking one rule's rows from another's; ten rules need some hundred, one for each pair and piece."""
_ANYTHING = "…"

Rule = Direct | Pool
_Box = Mapping[str, int]
"""Column → the classes of its values that a rule catches; a column that is not in it: all of them."""


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule that catches nothing. `by` took all of it before; empty: its own conditions exclude
    one another."""

    rule: Rule
    by: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules of which either catches rows that the other does not, and both would catch `example`.

    `first` has them. `example` is column → value; `…` stands for anything else.
    """

    first: Rule
    second: Rule
    example: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Findings:
    """What is odd about the order of a rule set's rules, in that order."""

    dead: tuple[Dead, ...]
    overlaps: tuple[Overlap, ...]
    complete: bool
    """False where the rules are so many, and so entangled, that not all was looked at."""


def examine(rules: RuleSet, names: Iterable[str]) -> Findings:
    """Rules that catch nothing, and those that overlap though neither is a special case of the other.

    `names`: what values of a direct rule's column mean a body without being listed (codes, former
    codes, slugs). Direct rules and pools overlap on purpose, so that is never told; nor is a pool
    that follows a more special one.
    """
    catching: list[Rule] = [*rules.direct, *(one for one in rules.pools if one.where is not None)]
    conditions = {rule.path: _conditions(rule, frozenset(names)) for rule in catching}
    classes = _Classes(one for some in conditions.values() for one in some)
    boxes = [classes.box(conditions[rule.path]) for rule in catching]
    remainders = _Remainders(classes)
    dead: list[Dead] = []
    overlaps: list[Overlap] = []
    alive: list[int] = []
    for at, rule in enumerate(catching):
        box = boxes[at]
        if box is None:
            dead.append(Dead(rule, ()))
            continue
        taken = [(catching[i], found) for i in alive if (found := boxes[i]) is not None]
        by = _takers(box, taken, remainders)
        if by is not None:
            dead.append(Dead(rule, by))
            continue
        for place, (earlier, other) in enumerate(taken):
            if type(earlier) is type(rule) and not _implies(other, box):
                both = _both(other, box)
                before = [one for _, one in taken[:place]]
                left = None if both is None else remainders.left(both, before)
                if left:
                    overlaps.append(Overlap(earlier, rule, classes.example(left[0])))
        alive.append(at)
    return Findings(tuple(dead), tuple(overlaps), not remainders.exhausted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one condition wants of a column: words to the letter, prefixes, and whether no value."""

    column: str
    words: frozenset[str]
    prefixes: frozenset[str]
    nothing: bool


def _wanted(condition: Condition) -> _Wanted:
    values = [value for value in condition.values if value is not None]
    return _Wanted(
        condition.column,
        frozenset(value for value in values if not value.endswith("*")),
        frozenset(value[:-1] for value in values if value.endswith("*")),
        None in condition.values,
    )


def _conditions(rule: Rule, names: frozenset[str]) -> list[_Wanted]:
    found = [_wanted(condition) for condition in rule.where or ()]
    if isinstance(rule, Direct):
        words = names | frozenset(rule.bodies)
        found.append(_Wanted(rule.column, words, frozenset(), nothing=False))
    return found


class _Classes:
    """The classes of each column's values, as bits: no value, anything else, then what is written."""

    def __init__(self, conditions: Iterable[_Wanted]) -> None:
        words: dict[str, set[str]] = {}
        prefixes: dict[str, set[str]] = {}
        for one in conditions:
            words.setdefault(one.column, set()).update(one.words)
            prefixes.setdefault(one.column, set()).update(one.prefixes)
        self._words = {column: sorted(found) for column, found in words.items()}
        self._prefixes = {column: sorted(found) for column, found in prefixes.items()}

    def box(self, conditions: Iterable[_Wanted]) -> _Box | None:
        """What rows meet all conditions; None: no row can."""
        found: dict[str, int] = {}
        for one in conditions:
            found[one.column] = found.get(one.column, -1) & self._bits(one)
        if 0 in found.values():
            return None
        # A column of which any value will do is as good as one that no condition names.
        return {column: bits for column, bits in found.items() if bits != self.all_of(column)}

    def all_of(self, column: str) -> int:
        """All classes of a column."""
        return (1 << (2 + len(self._words[column]) + len(self._prefixes[column]))) - 1

    def example(self, box: _Box) -> dict[str, str | None]:
        """A row of a box."""
        return {column: self._value(column, bits) for column, bits in box.items()}

    def _value(self, column: str, bits: int) -> str | None:
        """A value that is written, where there is one; None: no value."""
        words, prefixes = self._words[column], self._prefixes[column]
        written = bits >> 2
        if written:
            at = (written & -written).bit_length() - 1
            return words[at] if at < len(words) else prefixes[at - len(words)] + _ANYTHING
        return None if bits & 1 else _ANYTHING

    def _bits(self, one: _Wanted) -> int:
        words, prefixes = self._words[one.column], self._prefixes[one.column]
        wanted = tuple(one.prefixes)
        bits = int(one.nothing) | (int("" in one.prefixes) << 1)
        for at, word in enumerate(words):
            if word in one.words or word.startswith(wanted):
                bits |= 1 << (2 + at)
        for at, prefix in enumerate(prefixes):
            if prefix.startswith(wanted):
                bits |= 1 << (2 + len(words) + at)
        return bits


def _implies(one: _Box, other: _Box) -> bool:
    """Whether all that the first catches, the other would catch too."""
    return all(column in one and not one[column] & ~bits for column, bits in other.items())


def _both(one: _Box, other: _Box) -> _Box | None:
    """What both catch; None: nothing."""
    found = {column: one.get(column, -1) & other.get(column, -1) for column in {**one, **other}}
    return None if 0 in found.values() else found


class _Remainders:
    """What boxes leave of one another, for as many steps as an ordinary file is far from taking."""

    def __init__(self, classes: _Classes) -> None:
        self._classes = classes
        self._steps = 0

    @property
    def exhausted(self) -> bool:
        """Whether something was not followed to its end."""
        return self._steps > _MOST_STEPS

    def left(self, box: _Box, away: Iterable[_Box]) -> list[_Box] | None:
        """What is left of a box, in pieces that do not overlap; None: that was not followed."""
        pieces = [box]
        for other in away:
            self._steps += len(pieces)
            if self.exhausted:
                return None
            pieces = [left for piece in pieces for left in self._without(piece, other)]
        return pieces

    def _without(self, box: _Box, away: _Box) -> list[_Box]:
        if _both(box, away) is None:
            return [box]
        pieces: list[_Box] = []
        rest = dict(box)
        for column, bits in away.items():
            own = rest.get(column, self._classes.all_of(column))
            if own & ~bits:
                pieces.append({**rest, column: own & ~bits})
            rest[column] = own & bits
        return pieces


def _takers(
    box: _Box, taken: Sequence[tuple[Rule, _Box]], remainders: _Remainders
) -> tuple[Rule, ...] | None:
    """The earlier rules that take all of a rule: one where one does; None: something is left to it."""
    for rule, other in taken:
        if _implies(box, other):
            return (rule,)
    if remainders.left(box, [other for _, other in taken]) != []:
        return None
    return tuple(rule for rule, other in taken if _both(box, other) is not None)
