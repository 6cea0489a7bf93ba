"""Rules, members and bills for tests of cost sharing, by few words and by Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from moyai.costs.apportion.allocate import allocate as allocate_caught
from moyai.costs.apportion.allocation import Allocation, LineKind, Settlement
from moyai.costs.apportion.catching import catch
from moyai.costs.apportion.inputs import Bill, Bucket, Carried, Members, Presence, rate_order
from moyai.costs.periods import Period
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Direct,
    Flow,
    Part,
    Pool,
    Prorating,
    ReferencePopulation,
    Rounding,
    RoundingRule,
    RuleSet,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    TaxRule,
    Treatment,
    WhenZero,
)

MAY = Period(2026, 5)
FULL = Presence(31, 31)
OSAKA = {"271004": 2_752_412, "271403": 826_161, "273830": 5_219}


def part(by: ShareBy, percent: int | Fraction = 100, **more: object) -> Part:
    """A part of a pool, all else as simple as can be."""
    values: dict[str, object] = {
        "power": Fraction(1),
        "driver": None,
        "percents": {},
        "when_zero": WhenZero.UNALLOCATED,
    }
    values.update(more)
    return Part(by=by, percent=Fraction(percent), **values)  # type: ignore[arg-type]


def pool(name: str = "all", *parts: Part, **more: object) -> Pool:
    """A pool that catches every row, all else as simple as can be."""
    values: dict[str, object] = {
        "title": name,
        "where": (),
        "service": None,
        "members": "all",
        "prorating": Prorating.DAYS,
        "base_fee": 0,
        "fixed": {},
        "minimum": None,
        "maximum": None,
        "joining_fee": 0,
        "leaving_fee": 0,
        "subsidies": (),
        "flows": (),
        "path": (),
    }
    values.update(more)
    return Pool(name=name, parts=parts or (part(ShareBy.EQUAL),), **values)  # type: ignore[arg-type]


def rules(
    *pools: Pool,
    direct: tuple[Direct, ...] = (),
    unit: int = 1,
    method: Rounding = Rounding.FLOOR,
    bearer: Bearer = Bearer.LARGEST_REMAINDER,
    lead: str | None = None,
) -> RuleSet:
    """A rule set of these pools."""
    return RuleSet(
        name="令和8年度",
        start=date(2026, 4, 1),
        until=None,
        agreed=None,
        population=ReferencePopulation(None, None, {}),
        rounding=RoundingRule(unit, method, bearer, lead),
        tax=TaxRule(Treatment.OUTSIDE_SCOPE, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None),
        direct=direct,
        pools=pools,
        path=(),
    )


def members(
    pools: Mapping[str, Mapping[str, Presence]],
    populations: Mapping[str, int] | None = None,
    drivers: Mapping[str, Mapping[str, Fraction]] | None = None,
    carried: tuple[Carried, ...] = (),
    subsidised: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> Members:
    """Members of pools; bodies are all that are in any."""
    bodies = tuple(sorted({code for present in pools.values() for code in present} | OSAKA.keys()))
    return Members(
        bodies=bodies,
        by_pool=pools,
        populations=OSAKA if populations is None else populations,
        drivers=drivers or {},
        subsidised=subsidised or {},
        names={code: code for code in bodies},
        carried=carried,
    )


def allocate(
    one: Bill, rule_set: RuleSet, who: Members, settlements: Sequence[Settlement] = ()
) -> Allocation:
    """Catch a bill's buckets by their values, then divide it."""
    return allocate_caught(caught(one, rule_set, who), rule_set, who, settlements)


def caught(one: Bill, rule_set: RuleSet, who: Members) -> Bill:
    """The bill with its buckets caught by their values."""
    found = tuple(
        replace(bucket, caught=catch(rule_set, bucket.values, who.names)) for bucket in one.buckets
    )
    return replace(one, buckets=found)


def everybody(*names: str) -> Members:
    """Three bodies that were in every one of these pools all the time."""
    return members({name: dict.fromkeys(OSAKA, FULL) for name in names or ("all",)})


def bill(*amounts: int | Fraction, rate: Fraction | None = None) -> Bill:
    """A bill of rows with these yen, each of a service `s0`, `s1`, …"""
    buckets = tuple(
        Bucket(None, {"ServiceName": f"s{at}"}, Fraction(amount), rate, 1)
        for at, amount in enumerate(amounts)
    )
    return Bill(MAY, int(sum(amounts)), buckets)


CODES = ("271004", "271403", "272027", "272035", "273830")
RATES = (None, Fraction(0), Fraction(8), Fraction(10))

_percents = st.sampled_from(
    [(100,), (50, 50), (20, 80), (35, 15, 50), (40, 40, 20), (Fraction(100, 3), Fraction(200, 3))]
)


@st.composite
def some_parts(draw: st.DrawFn) -> tuple[Part, ...]:
    """Parts whose percents make 100."""
    return tuple(
        part(
            draw(st.sampled_from(list(ShareBy))),
            percent,
            power=draw(st.sampled_from([Fraction(1), Fraction("0.585"), Fraction("0.5")])),
            driver="requests",
            percents=draw(
                st.dictionaries(st.sampled_from(CODES), st.fractions(0, 100), max_size=3)
            ),
            when_zero=draw(st.sampled_from(list(WhenZero))),
        )
        for percent in draw(_percents)
    )


@st.composite
def some_pool(draw: st.DrawFn, at: int, of: int) -> Pool:
    """One of several pools; flows go to later ones."""
    # Whole units of every rounding: the registry wants multiples.
    most = draw(st.none() | st.integers(0, 3_000).map(lambda thousands: thousands * 1000))
    later = [f"p{number}" for number in range(at + 1, of)]
    flows = draw(st.lists(st.sampled_from(later), unique=True, max_size=2)) if later else []
    return pool(
        f"p{at}",
        *draw(some_parts()),
        where=draw(
            st.none()
            | st.just(())
            | st.sampled_from(
                [(Condition("ServiceName", (f"s{at}",)),), (Condition("ServiceName", ("s*",)),)]
            )
        ),
        prorating=draw(st.sampled_from(list(Prorating))),
        base_fee=draw(st.sampled_from([0, 0, 10_000])),
        fixed=draw(st.dictionaries(st.sampled_from(CODES), st.integers(0, 10**6), max_size=2)),
        minimum=draw(
            st.none()
            | st.integers(0, most // 1000 if most is not None else 10).map(
                lambda thousands: thousands * 1000
            )
        ),
        maximum=most,
        joining_fee=draw(st.sampled_from([0, 100_000])),
        leaving_fee=draw(st.sampled_from([0, 50_000])),
        subsidies=tuple(
            Subsidy(
                name,
                draw(st.sampled_from(list(SubsidyWhen))),
                *draw(
                    st.sampled_from([(Fraction(50), None), (Fraction(1, 3), None), (None, 70_000)])
                ),
                "all",
            )
            for name in draw(st.lists(st.sampled_from(["国", "県"]), unique=True))
        ),
        flows=tuple(
            Flow(name, draw(st.sampled_from([Fraction(50), Fraction(100, 7)]))) for name in flows
        ),
    )


@st.composite
def some_rules(draw: st.DrawFn) -> RuleSet:
    """Rules as wild as the file's checks let them be."""
    count = draw(st.integers(0, 4))
    return rules(
        *[draw(some_pool(at, count)) for at in range(count)],
        direct=draw(
            st.sampled_from([(), (Direct("tag", (), "Tags.tenant", {"大阪": "271004"}, ()),)])
        ),
        unit=draw(st.sampled_from([1, 1, 10, 100, 1000])),
        method=draw(st.sampled_from(list(Rounding))),
        bearer=draw(st.sampled_from(list(Bearer))),
        lead="271004",
    )


_yen = st.fractions(max_denominator=10**6) | st.integers(-(10**15), 10**15).map(Fraction)


@st.composite
def some_bill(draw: st.DrawFn) -> Bill:
    """Any bill: negative, zero, huge; the last bucket makes it whole yen."""
    buckets = [
        Bucket(
            None,
            {
                "ServiceName": draw(st.sampled_from([None, "s0", "s1", "s2", "x"])),
                "Tags.tenant": draw(st.sampled_from([None, "大阪", *CODES, "nobody"])),
            },
            draw(_yen),
            draw(st.sampled_from(RATES)),
            draw(st.integers(1, 9)),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]
    whole = sum((one.jpy for one in buckets), Fraction())
    over = -whole % 1
    if over:
        buckets.append(Bucket(None, {"ServiceName": "s0", "Tags.tenant": None}, over, None, 1))
    return Bill(MAY, int(whole + over), tuple(buckets))


@st.composite
def some_members(draw: st.DrawFn, rule_set: RuleSet) -> Members:
    """Who is in the pools, for how long."""
    presences = st.builds(
        lambda days, joins, leaves: Presence(days, 31, joins, leaves),
        st.integers(1, 31),
        st.booleans(),
        st.booleans(),
    )
    return Members(
        bodies=CODES,
        by_pool={
            one.name: draw(st.dictionaries(st.sampled_from(CODES), presences, max_size=5))
            for one in rule_set.pools
        },
        populations=draw(st.dictionaries(st.sampled_from(CODES), st.integers(0, 3_000_000))),
        drivers={
            "requests": draw(
                st.dictionaries(
                    st.sampled_from(CODES), st.fractions(0, 10**9, max_denominator=1000)
                )
            )
        },
        subsidised={
            one.name: {
                subsidy.name: tuple(sorted(draw(st.sets(st.sampled_from(CODES)))))
                for subsidy in one.subsidies
            }
            for one in rule_set.pools
        },
        names={code: code for code in CODES},
        carried=tuple(
            Carried(one.name, rate, draw(st.integers(-5000, 5000)))
            for one in rule_set.pools
            for rate in sorted(draw(st.sets(st.sampled_from(RATES))), key=rate_order)
        ),
    )


def yen_of(made: Allocation) -> dict[str, int]:
    """Code → what the body bears of all rules, in yen before tax."""
    return {code: sum(one.jpy for one in borne) for code, borne in made.bodies()}


def lines_of(made: Allocation, code: str) -> list[tuple[LineKind, int]]:
    """A body's lines, in their order."""
    borne = dict(made.bodies())[code]
    return [(line.kind, line.jpy) for one in borne for line in one.lines]
