"""Fingerprints change with what decides a stack, and with nothing else."""

from __future__ import annotations

import dataclasses
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.planning import fingerprints, releases
from moyai.planning.fingerprints import Surroundings
from moyai.planning.routes import rules_by_body
from moyai.registry.cost_rules import Budget
from moyai.registry.load import require
from moyai.registry.maintenance import Freeze
from moyai.registry.models import Registry, Tenant
from moyai.registry.operation_settings import Amount, BodyApprover, OperationSettings

DAY = date(2026, 11, 23)
AROUND = Surroundings({"program": "p"}, {"engine": "1"}, {"cell-a": {"vpc_id": "vpc-1"}})


@pytest.fixture(scope="module")
def registry() -> Registry:
    return require(SAMPLE)


def take(
    registry: Registry, body: Tenant, day: date = DAY, around: Surroundings = AROUND
) -> dict[str, str]:
    used = releases.resolve(registry, body, day, {}).used
    rules = rules_by_body(registry, day)[body.code]
    site = registry.sites["sandbox"]
    return fingerprints.tenant(registry, site, body, day, used, rules, around)


def body_of(registry: Registry, code: str) -> Tenant:
    found = registry.tenant(code)
    assert found is not None
    return found


def test_what_no_program_reads_does_not_count(registry: Registry) -> None:
    body = body_of(registry, "272027")
    other = dataclasses.replace(
        body, contacts=(), population=None, tier="other", freezes=(Freeze(DAY, DAY, "選挙"),)
    )
    assert take(registry, body) == take(registry, other)


def test_how_operations_go_and_who_approves_makes_no_stack_outdated(registry: Registry) -> None:
    approver = BodyApprover("課長", "kacho@example.jp", DAY, "ssh-ed25519 AAAA")
    other = dataclasses.replace(
        registry,
        operations=OperationSettings(max_concurrent=Amount(1), bodies_approve="all"),
        tenants=tuple(
            dataclasses.replace(body, approvers=(approver,)) for body in registry.tenants
        ),
    )
    assert other != registry
    site = registry.sites["sandbox"]
    for body, changed in zip(registry.tenants, other.tenants, strict=True):
        assert take(registry, body) == take(other, changed)
    for stack in ("shared", "cell-a"):
        assert fingerprints.foundation(
            registry, site, stack, DAY, AROUND
        ) == fingerprints.foundation(other, site, stack, DAY, AROUND)


def test_rules_of_cost_sharing_make_no_stack_outdated(registry: Registry) -> None:
    assert registry.cost_sharing is not None
    other = dataclasses.replace(registry, cost_sharing=None)
    site = registry.sites["sandbox"]
    for body in registry.tenants:
        assert take(registry, body) == take(other, body)
    for stack in ("shared", "cell-a"):
        assert fingerprints.foundation(
            registry, site, stack, DAY, AROUND
        ) == fingerprints.foundation(other, site, stack, DAY, AROUND)


def test_a_budget_that_aws_watches_counts_for_the_stack_that_has_it(registry: Registry) -> None:
    costs, site = registry.cost_sharing, registry.sites["sandbox"]
    assert costs is not None
    body, other = body_of(registry, "272027"), body_of(registry, "271004")

    def parts(budgets: tuple[Budget, ...], day: date = DAY) -> list[dict[str, str]]:
        made = dataclasses.replace(
            registry, cost_sharing=dataclasses.replace(costs, budgets=budgets)
        )
        return [
            take(made, body, day),
            take(made, other, day),
            *(
                fingerprints.foundation(made, site, one, day, AROUND)
                for one in ("shared", "cell-a")
            ),
        ]

    def changed(one: tuple[Budget, ...], two: tuple[Budget, ...]) -> list[tuple[str, ...]]:
        both = zip(parts(one), parts(two), strict=True)
        return [fingerprints.changed(before, after) for before, after in both]

    own = Budget(2026, "272027", None, 1, False, Fraction(90), Fraction(50))
    whole = dataclasses.replace(own, body=None)
    assert changed((), (own,)) == [("budgets",), (), (), ()]
    assert changed((own,), (own, whole)) == [(), (), ("budgets",), ()]
    dearer = dataclasses.replace(own, monthly_usd=Fraction(51))
    assert changed((own, whole), (dearer, whole)) == [("budgets",), (), (), ()]
    in_yen = dataclasses.replace(own, amount=2, committed=True)
    assert changed((own,), (in_yen,)) == [(), (), (), ()]
    assert changed((own, whole), (whole, own)) == [(), (), (), ()]
    next_year = date(2027, 4, 1)
    assert "budgets" not in parts((own,), next_year)[0]
    assert fingerprints.reason("budgets").en == "the budgets that AWS watches changed"


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("tags", {"a": "b"}, "tags"),
        ("name", "別の市", "identity"),
        ("slug", "other", "identity"),
        ("lgwan", (), "network"),
    ],
)
def test_a_changed_field_changes_its_part(
    registry: Registry, field: str, value: object, part: str
) -> None:
    body = body_of(registry, "272027")
    changes: dict[str, object] = {field: value}
    other = dataclasses.replace(body, **changes)  # type: ignore[arg-type] # by name, on purpose
    assert fingerprints.changed(take(registry, body), take(registry, other)) == (part,)


def test_a_subscription_that_begins_brings_its_parts(registry: Registry) -> None:
    """河内長野市 starts a service in 2027: the day alone changes its fingerprint."""
    later = date(2027, 6, 1)
    starting = [
        body
        for body in registry.tenants
        if any(DAY < one.start <= later for one in body.subscriptions)
    ]
    assert starting
    for body in starting:
        changed = fingerprints.changed(take(registry, body), take(registry, body, later))
        assert any(part.startswith("subscription:") for part in changed)


def test_an_output_and_a_version_have_names_of_their_own(registry: Registry) -> None:
    body = body_of(registry, "272027")
    moved = dataclasses.replace(AROUND, outputs={"cell-a": {"vpc_id": "vpc-2"}})
    newer = dataclasses.replace(AROUND, versions={"engine": "2"})
    before = take(registry, body)
    assert fingerprints.changed(before, take(registry, body, around=moved)) == (
        "output:cell-a.vpc_id",
    )
    assert fingerprints.changed(before, take(registry, body, around=newer)) == ("engine",)


def test_a_certificate_counts_for_whom_it_is_built_in(registry: Registry) -> None:
    """A service with a new host name changes it: the others' environments are as they were."""
    around = dataclasses.replace(AROUND, outputs={"shared": {"certificate_arn": "a"}})
    renewed = dataclasses.replace(AROUND, outputs={"shared": {"certificate_arn": "b"}})
    for code, parts in (("272027", ()), ("271403", ("output:shared.certificate_arn",))):
        body = body_of(registry, code)
        before, after = take(registry, body, around=around), take(registry, body, around=renewed)
        assert fingerprints.changed(before, after) == parts


def test_every_part_has_a_reason_in_both_languages(registry: Registry) -> None:
    for body in registry.tenants:
        for part in take(registry, body):
            reason = fingerprints.reason(part)
            assert reason.ja != reason.en
            assert "{}" not in reason.en


def test_unknown_values_are_refused() -> None:
    with pytest.raises(TypeError, match="no plain form for object"):
        fingerprints.digest(object())


_PARTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6)


@given(_PARTS, _PARTS, st.data())
def test_records_with_short_hashes_are_compared_as_far_as_they_go(
    before: dict[str, int], now: dict[str, int], data: st.DataObject
) -> None:
    short = data.draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
    recorded = {
        part: fingerprints.digest(value)[: 16 if part in short else None]
        for part, value in before.items()
    }
    wanted = {part: fingerprints.digest(value) for part, value in now.items()}
    differ = {part for part in before.keys() | now.keys() if before.get(part) != now.get(part)}
    assert set(fingerprints.changed(recorded, wanted)) == differ


def test_a_hash_has_all_its_bits(registry: Registry) -> None:
    found = take(registry, body_of(registry, "272027"))
    assert {len(value) for part, value in found.items() if part != "program"} == {64}
    assert fingerprints.changed({"a": "0" * 15}, {"a": "0" * 64}) == ("a",)
