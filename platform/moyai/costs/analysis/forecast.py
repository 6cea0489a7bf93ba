"""What the coming months may cost, by the method that was nearest in the past. Pure.

A forecast is an estimate: it is worked out in whole yen, and its error is measured, not assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.rounding import to_unit
from moyai.registry.cost_rules import Rounding

YEAR = 12
"""Months of a season."""
SUM = "sum"
"""The method of what is the sum of others."""
LEAST_MONTHS = 3
"""Fewer months than these say nothing."""

_Method = Callable[[Sequence[int], int], Fraction | None]
"""Past months, oldest first, and how many months ahead → yen; None where it needs more months."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Yen of the coming months, nearest first, and how far the method was off before."""

    method: str
    """One of `METHODS`, or `SUM`."""
    months: tuple[int, ...]
    mean_error: int | None
    """Mean absolute error, yen, one month ahead, over the past months tried; None: none was."""
    mean_error_percent: Fraction | None
    """The same in percent of the months' mean; None where that is 0."""
    tried: int
    """How many past months it was tried on."""


def forecast(past: Sequence[int], ahead: int) -> Forecast | None:
    """The months after `past` (whole yen, oldest first, none left out); None where these are too few.

    Every method is tried on each past month with the months before it only; the one with the least
    error is used. Ties go to the simpler one.
    """
    if len(past) < LEAST_MONTHS:
        return None
    errors = {name: _errors(method, past) for name, method in METHODS.items()}
    most = max(len(found) for found in errors.values())
    # Methods that could be tried less often are not compared on luck.
    fit = {name: found for name, found in errors.items() if found and 2 * len(found) >= most}
    name = min(fit, key=lambda one: Fraction(sum(fit[one]), len(fit[one])), default="last")
    method = METHODS[name]
    months = tuple(_whole(method(past, step)) for step in range(1, ahead + 1))
    found = fit.get(name, [])
    return _measured(name, months, found, past)


def together(parts: Sequence[tuple[Sequence[int], Forecast]], ahead: int) -> Forecast:
    """The sum of forecasts, with its own error, which may be less than the sum of theirs.

    `parts`: the past months of each, as many of all, with its forecast of `ahead` months; one at least.
    """
    months = tuple(sum(one.months[at] for _, one in parts) for at in range(ahead))
    past = [sum(yen) for yen in zip(*(own for own, _ in parts), strict=True)]
    errors: list[int] = []
    for at in range(LEAST_MONTHS - 1, len(past)):
        guesses = [METHODS[one.method](own[:at], 1) for own, one in parts]
        if None not in guesses:
            errors.append(abs(sum(map(_whole, guesses)) - past[at]))
    return _measured(SUM, months, errors, past)


def _measured(
    name: str, months: tuple[int, ...], errors: Sequence[int], past: Sequence[int]
) -> Forecast:
    """`errors`: of the newest of the past months, as many as there are."""
    count = len(errors)
    if not count:
        return Forecast(name, months, None, None, 0)
    error = Fraction(sum(errors), count)
    level = Fraction(sum(abs(yen) for yen in past[-count:]), count)
    percent = 100 * error / level if level else None
    return Forecast(name, months, _whole(error), percent, count)


def _errors(method: _Method, past: Sequence[int]) -> list[int]:
    found: list[int] = []
    for at in range(LEAST_MONTHS - 1, len(past)):
        guess = method(past[:at], 1)
        if guess is not None:
            found.append(abs(_whole(guess) - past[at]))
    return found


def _whole(yen: Fraction | None) -> int:
    assert yen is not None
    return to_unit(yen.numerator, yen.denominator, 1, Rounding.HALF_UP)


def _last(past: Sequence[int], _ahead: int) -> Fraction | None:
    return Fraction(past[-1])


def _mean_of_three(past: Sequence[int], _ahead: int) -> Fraction | None:
    return None if len(past) < 3 else Fraction(sum(past[-3:]), 3)


def _trend(past: Sequence[int], ahead: int) -> Fraction | None:
    """The straight line of least squares through the last twelve months."""
    taken = past[-YEAR:]
    count = len(taken)
    if count < 3:
        return None
    middle = Fraction(count - 1, 2)
    level = Fraction(sum(taken), count)
    slope = sum(((at - middle) * yen for at, yen in enumerate(taken)), Fraction()) / sum(
        ((at - middle) ** 2 for at in range(count)), Fraction()
    )
    return level + slope * (count - 1 + ahead - middle)


def _season(past: Sequence[int], ahead: int) -> Fraction | None:
    """The same month a year before, by how much the last months are above theirs."""
    if len(past) < YEAR + 3 or ahead > YEAR:
        return None
    before = sum(past[-YEAR - 3 : -YEAR])
    year_ago = past[len(past) + ahead - 1 - YEAR]
    return Fraction(year_ago) if before <= 0 else Fraction(year_ago * sum(past[-3:]), before)


METHODS: Mapping[str, _Method] = {
    "last": _last,
    "mean_of_three": _mean_of_three,
    "trend": _trend,
    "season": _season,
}
"""By name, the simpler ones first."""
