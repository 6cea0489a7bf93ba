"""Which bodies are in which wave."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.made_registries import DAY, sample

from moyai.planning.fleet.plans import Limits
from moyai.planning.fleet.waves import divide
from moyai.registry.operation_settings import Amount, OperationSettings, Risk, Tolerance, Wave

BODIES = sample().tenants
REST = Wave("残り", rest=True)
WAVES = st.sampled_from(
    (
        Wave("先行", select=BODIES[2].code),
        Wave("中核", select="kind:一般市"),
        Wave("一割", share=Amount(percent=Fraction(10))),
        Wave("三つ", share=Amount(3)),
        Wave("危険", risks=(Risk.UNVERIFIED,)),
        Wave("どれか", risks=(Risk.FAILED_BEFORE, Risk.CONTRACT)),
        Wave("小さい", select="population:..50000"),
        Wave("全部", rest=True),
    )
)
RISKS = st.dictionaries(st.sampled_from([b.code for b in BODIES]), st.sets(st.sampled_from(Risk)))


def _settings(*waves: Wave) -> OperationSettings:
    tenth, twentieth = Amount(percent=Fraction(10)), Amount(percent=Fraction(5))
    return OperationSettings(waves, max_concurrent=tenth, failure_tolerance=Tolerance(twentieth))


@given(
    st.lists(WAVES, min_size=1, max_size=5),
    st.sets(st.sampled_from([b.code for b in BODIES])),
    RISKS,
)
def test_every_body_is_in_one_wave_and_no_wave_is_empty(
    waves: list[Wave], codes: set[str], risks: dict[str, set[Risk]]
) -> None:
    bodies = [body for body in BODIES if body.code in codes]
    found = divide(_settings(*waves), bodies, DAY, risks)
    assert sorted(code for _, some in found for code in some) == sorted(codes)
    assert [wave.number for wave, _ in found] == list(range(1, len(found) + 1))
    order = [body.code for body in bodies]
    assert all(some and list(some) == sorted(some, key=order.index) for _, some in found)
    assert all(wave.limits.max_concurrent >= 1 for wave, _ in found)


@given(st.lists(WAVES, max_size=5), st.lists(WAVES, max_size=2), RISKS)
def test_a_body_with_a_risk_that_a_wave_names_is_in_no_share_and_no_rest(
    before: list[Wave], behind: list[Wave], risks: dict[str, set[Risk]]
) -> None:
    waves = [replace(one, name=str(at)) for at, one in enumerate((*before, REST, *behind))]
    found = divide(_settings(*waves), BODIES, DAY, risks)
    of = {code: waves[int(wave.name)] for wave, codes in found for code in codes}
    named = {risk for wave in waves for risk in wave.risks}
    for code, wave in of.items():
        own = set(wave.risks) & risks.get(code, set())
        assert bool(own) == bool(wave.risks)
        if named & risks.get(code, set()):
            assert wave.select is not None or own


@given(RISKS)
def test_risks_that_no_wave_names_change_nothing(risks: dict[str, set[Risk]]) -> None:
    waves = (Wave("一割", share=Amount(percent=Fraction(10))), REST)
    assert divide(_settings(*waves), BODIES, DAY, risks) == divide(_settings(*waves), BODIES, DAY)


def test_the_risky_come_last_and_their_place_in_a_share_goes_to_the_next() -> None:
    waves = (
        Wave("先行", select=BODIES[0].code),
        Wave("三つ", share=Amount(3)),
        REST,
        Wave("後", risks=(Risk.FAILED_BEFORE,)),
    )
    (_, plain), *_ = divide(_settings(*waves[1:]), BODIES[1:], DAY)
    risks = {BODIES[0].code: {"failed-before"}, plain[0]: {"failed-before", "contract"}}
    (_, first), (_, three), _, (last, risky) = divide(_settings(*waves), BODIES, DAY, risks)
    assert first == (BODIES[0].code,)
    assert len(three) == 3
    assert (last.name, risky) == ("後", (plain[0],))


def test_the_first_wave_that_takes_a_body_has_it_and_a_share_is_of_all_bodies() -> None:
    first = BODIES[0]
    waves = (
        Wave("先行団体", select=first.code),
        Wave("10 %", share=Amount(percent=Fraction(10))),
        REST,
    )
    (_, lead), (_, tenth), (_, rest) = divide(_settings(*waves), BODIES, DAY)
    assert lead == (first.code,)
    assert len(tenth) == -(-len(BODIES) // 10)
    by_size = sorted(BODIES[1:], key=lambda one: one.population.count if one.population else 10**9)
    assert set(tenth) == {body.code for body in by_size[: len(tenth)]}
    assert len(rest) == len(BODIES) - 1 - len(tenth)


def test_limits_are_shares_of_the_waves_own_bodies_and_a_wave_may_have_its_own() -> None:
    own = Tolerance(Amount(2), "soft")
    waves = (
        Wave("三つ", share=Amount(3), soak_minutes=30, needs_approval=True),
        replace(REST, max_concurrent=Amount(7), failure_tolerance=own),
    )
    (three, _), (rest, _) = divide(_settings(*waves), BODIES, DAY)
    assert three.limits == Limits(1, 0, "strict")
    assert (three.soak_seconds, three.needs_approval) == (1800, True)
    assert rest.limits == Limits(7, 2, "soft")


def test_a_body_of_unknown_size_is_the_last_that_a_share_takes() -> None:
    bodies = (replace(BODIES[0], population=None), *BODIES[1:3])
    (_, some), _ = divide(_settings(Wave("二つ", share=Amount(2)), REST), bodies, DAY)
    assert some == (BODIES[1].code, BODIES[2].code)


def test_the_sample_s_waves_are_canaries_a_tenth_and_the_rest() -> None:
    found = divide(sample().operations, BODIES, DAY)
    assert [(wave.name, len(codes)) for wave, codes in found] == [
        ("先行団体", 3), ("一割", 5), ("残り", 35)
    ]  # fmt: skip
    assert {codes for wave, codes in found if wave.number == 1} == {("272078", "272141", "273821")}
    assert [wave.soak_seconds for wave, _ in found] == [3600, 0, 0]
    assert {wave.limits for wave, _ in found} == {Limits(4, 0, "strict")}


def test_without_settings_all_bodies_are_one_wave() -> None:
    [(wave, codes)] = divide(OperationSettings(), BODIES, DAY)
    assert wave.name == "全団体"
    assert list(codes) == [body.code for body in BODIES]
