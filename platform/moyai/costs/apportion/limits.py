"""Least and most: shares brought within limits without a change of their sum. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True)
class Limits:
    """What one member bears at least and at most, whole yen; None: without end."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Limited:
    """Shares within their limits, exact yen, and the whole yen that nobody may be asked for."""

    shares: Mapping[str, Fraction]
    factor: Fraction
    """By which all shares were multiplied; where `held` is false, all least."""
    beyond: int
    """What is left where all who have a share bear the most that they may; else 0."""
    held: bool
    """False where there is less to share than all members bear at least: then they bear it in
    proportion to that, and none more than it."""


def within(total: int, shares: Mapping[str, Fraction], limits: Mapping[str, Limits]) -> Limited:
    """`total` yen in proportion to shares, those that pass a limit held at it.

    All shares are scaled by one factor, which is unique, so the order of bodies plays no part. Shares
    are ≥ 0, `total` is > 0: credits are passed on without limits by the caller. All keys have limits.
    """
    least = sum(limits[key].least for key in shares)
    if total < least:
        factor = Fraction(total, least)
        return Limited({key: limits[key].least * factor for key in shares}, factor, 0, held=False)
    factor = _factor(total, shares, limits)
    clamped = {key: _clamped(share * factor, limits[key]) for key, share in shares.items()}
    beyond = total - sum(clamped.values(), Fraction())
    return Limited(clamped, factor, floor(beyond), held=True)


def _clamped(value: Fraction, limit: Limits) -> Fraction:
    value = max(value, Fraction(limit.least))
    return value if limit.most is None else min(value, Fraction(limit.most))


def _factor(total: int, shares: Mapping[str, Fraction], limits: Mapping[str, Limits]) -> Fraction:
    """The factor at which the clamped shares sum to the total: the sum is a rising line in pieces.

    It bends where a share meets a limit; between two bends its slope is the sum of the free shares.
    """
    bends: list[tuple[Fraction, Fraction]] = []
    sum_now = Fraction(sum(limits[key].least for key in shares))
    for key, share in shares.items():
        limit = limits[key]
        if share > 0:
            bends.append((limit.least / share, share))
            if limit.most is not None:
                bends.append((limit.most / share, -share))
    bends.sort(key=lambda bend: bend[0])
    at, slope = Fraction(), Fraction()
    for bend, change in bends:
        reached = sum_now + slope * (bend - at)
        if reached >= total and slope > 0:
            break
        sum_now, at = reached, bend
        slope += change
    return at + (total - sum_now) / slope if slope > 0 else at
