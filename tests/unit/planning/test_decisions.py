"""What a plan decides, whatever is on record."""

from __future__ import annotations

import dataclasses
import random
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_registries import DAY, body, registry
from plan_bases import (
    AROUND,
    CODES,
    FEDERATION,
    GONE,
    LEFT,
    WHEN,
    any_record,
    applied,
    bases,
    basis,
    settled,
)

from moyai.planning.conditions import Condition, Recorded
from moyai.planning.decisions import Basis, make_plan, vanished
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.selectors import select_with
from moyai.texts import Text, same


def planned(plan: Plan, name: str) -> PlannedStack:
    [found] = [stack for stack in plan.stacks if stack.name == name]
    return found


def recorded(basis: Basis, stack: PlannedStack) -> Recorded:
    known = basis.foundation if stack in make_plan(basis).foundation else basis.tenants
    return known.get(stack.name, Recorded(stack.name))


def test_what_is_as_it_was_applied_does_not_run() -> None:
    foundation, tenants = settled()
    plan = make_plan(basis(foundation=foundation, tenants=tenants))
    assert [stack.name for stack in plan.stacks] == ["shared", "cell-a", "cell-b", *CODES]
    assert {stack.action for stack in plan.stacks} == {"none"}
    assert not any(stack.reasons or stack.notes or stack.refresh for stack in plan.stacks)


@settings(deadline=None)
@given(bases(), st.sampled_from(CODES))
def test_same_fingerprint_and_no_doubt_is_no_run_whatever_the_others_are(
    found: Basis, code: str
) -> None:
    good = {**found.tenants, code: settled()[1][code]}
    plan = make_plan(dataclasses.replace(found, tenants=good, refresh=False, check=False))
    assert planned(plan, code).action == "none"


@settings(deadline=None)
@given(bases())
def test_what_runs_says_why_and_what_is_refused_does_not_run(found: Basis) -> None:
    for stack in make_plan(found).stacks:
        assert bool(stack.reasons) is (stack.action != "none")
        assert stack.runs is (stack.action in ("create", "update"))
        if stack.runs:
            assert stack.needs_engine or stack.onboarding or stack.checks


@settings(deadline=None)
@given(bases())
def test_nobody_runs_on_a_foundation_that_is_refused(found: Basis) -> None:
    plan = make_plan(found)
    refused = {stack.name for stack in plan.foundation if stack.action == "refused"}
    if "shared" in refused:
        assert not any(stack.runs for stack in plan.tenants)
    if "cell-b" in refused:
        assert planned(plan, "272043").action in ("refused", "none")


@pytest.mark.parametrize(
    ("release", "words"),
    [("0.9.0", "(moyai upgrade "), ("9.0.0", "set release to 9.0.0 in the file")],
)
def test_a_release_that_is_not_the_files_is_told_by_which_is_newer(
    release: str, words: str
) -> None:
    recorded = settled()[1]
    code, service = next(
        (code, service) for code, one in recorded.items() for service in one.releases
    )
    moved = dataclasses.replace(recorded[code], releases={service: release})
    plan = make_plan(basis(tenants={**recorded, code: moved}))
    assert [words in note.en for note in planned(plan, code).notes] == [True]


@settings(deadline=None)
@given(bases(), st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(found: Basis, chance: random.Random) -> None:
    def shuffled(records: dict[str, Recorded]) -> dict[str, Recorded]:
        items = list(records.items())
        chance.shuffle(items)
        return dict(items)

    tenants = shuffled(dict(found.tenants))
    lost = vanished(FEDERATION, tenants.values())
    other = dataclasses.replace(
        found,
        selection=select_with(FEDERATION, lost, "all", DAY),
        foundation=shuffled(dict(found.foundation)),
        tenants=tenants,
    )
    assert make_plan(other) == make_plan(found)


@settings(deadline=None)
@given(bases(), st.sets(st.sampled_from(CODES), min_size=1))
def test_a_body_is_decided_alike_alone_and_among_all(found: Basis, codes: set[str]) -> None:
    lost = vanished(FEDERATION, found.tenants.values())
    some = select_with(FEDERATION, lost, " ".join(sorted(codes)), DAY)
    everyone, alone = make_plan(found), make_plan(dataclasses.replace(found, selection=some))
    stands = {stack.name for stack in alone.foundation}
    # Read anew, as the foundation is where all are meant, what lies elsewhere than its record says is
    # refused, and all that stands on it; with the same fingerprint it is left alone otherwise.
    assume(_refused(everyone, stands) == _refused(alone, stands))
    assert list(alone.tenants) == [stack for stack in everyone.tenants if stack.name in codes]


def _refused(plan: Plan, names: set[str]) -> set[str]:
    return {
        stack.name for stack in plan.foundation if stack.name in names and stack.action == "refused"
    }


@settings(deadline=None)
@given(bases())
def test_what_is_not_known_is_read_before_it_is_changed(found: Basis) -> None:
    plan = make_plan(found)
    for stack in plan.stacks:
        if stack.name in (*GONE, *LEFT):
            assert not stack.runs
            continue
        condition = recorded(found, stack).condition
        if not condition.is_known:
            assert stack.action == "refused" or (stack.runs and stack.needs_engine)
            assert stack.refresh
        if condition is Condition.ABSENT:
            assert stack.action in ("create", "refused")


@settings(deadline=None)
@given(bases())
def test_a_body_that_vanished_is_refused_and_none_of_the_file_is_left_out(found: Basis) -> None:
    plan = make_plan(found)
    gone = [stack.name for stack in plan.tenants if stack.has_vanished]
    assert gone == [code for code in GONE if code in found.tenants]
    assert [stack.name for stack in plan.tenants if not stack.has_vanished] == list(CODES)


@settings(deadline=None)
@given(any_record(settled()[1]["272027"]), st.booleans())
def test_a_release_on_record_is_what_the_run_builds_with(record: Recorded, refresh: bool) -> None:
    plan = make_plan(basis(tenants={"272027": record}, refresh=refresh))
    stack = planned(plan, "272027")
    for service, release in record.releases.items():
        assert stack.releases[service] == release
        assert service not in stack.onboarding or record.rebuilt is not None


def test_a_part_that_differs_is_the_reason() -> None:
    _, tenants = settled()
    good = tenants["272027"]
    old = dataclasses.replace(good, fingerprint={**good.fingerprint, "engine": "old"})
    stack = planned(make_plan(basis(tenants={**tenants, "272027": old})), "272027")
    assert (stack.action, stack.changed, stack.refresh) == ("update", ("engine",), False)
    assert [why.en for why in stack.reasons] == ["the Pulumi engine's version changed"]


def test_reasons_come_with_what_is_doubtful_first() -> None:
    _, tenants = settled()
    good = tenants["272027"]
    bad = dataclasses.replace(
        good,
        fingerprint={**good.fingerprint, "engine": "old"},
        failure=same("the disk is full"),
        doubt=Text("疑わしい", "doubtful"),
    )
    plan = make_plan(basis(tenants={**tenants, "272027": bad}, refresh=True))
    assert [why.en for why in planned(plan, "272027").reasons] == [
        "to read what is live",
        "the last run failed: the disk is full",
        "doubtful",
        "the Pulumi engine's version changed",
    ]


def test_what_ended_badly_is_checked_again_before_it_counts_as_well() -> None:
    _, tenants = settled()
    good = tenants["272027"]
    bad = dataclasses.replace(good, failure=same("the job health failed"))
    stack = planned(make_plan(basis(tenants={**tenants, "272027": bad})), "272027")
    assert stack.action == "update"
    assert set(stack.checks) == set(good.releases)
    well = planned(make_plan(basis(tenants=tenants)), "272027")
    assert well.checks == ()


def test_a_record_made_anew_onboards_again_at_the_release_that_is_there() -> None:
    lost = Recorded(
        "272027", releases={"chat": "0.9.0"}, rebuilt=Text("なくなった", "its record is gone")
    )
    stack = planned(make_plan(basis(tenants={"272027": lost})), "272027")
    assert stack.action == "update"
    assert stack.refresh
    assert stack.releases["chat"] == "0.9.0"
    assert "chat" in stack.onboarding
    assert [why.en for why in stack.reasons] == ["its record is gone"]


def test_a_service_that_was_built_and_not_onboarded_needs_no_engine() -> None:
    _, tenants = settled()
    record = dataclasses.replace(tenants["272027"], releases={"eapp-b": "1.0.0"})
    stack = planned(make_plan(basis(tenants={**tenants, "272027": record})), "272027")
    assert (stack.action, stack.onboarding, stack.needs_engine) == ("update", ("chat",), False)
    assert [why.en for why in stack.reasons] == ["chat is to be onboarded"]


def test_a_check_asked_for_needs_no_engine_where_nothing_changed() -> None:
    foundation, tenants = settled()
    plan = make_plan(basis(foundation=foundation, tenants=tenants, check=True))
    for stack in plan.tenants:
        assert (stack.action, stack.needs_engine) == ("update", False)
        assert stack.checks == ("chat", "eapp-b")
    assert {stack.action for stack in plan.foundation} == {"none"}


def test_a_refresh_means_the_foundation_only_where_all_are_meant() -> None:
    foundation, tenants = settled()
    for selector, action in (("all", "update"), ("272027", "none")):
        found = basis(selector=selector, foundation=foundation, tenants=tenants, refresh=True)
        plan = make_plan(found)
        assert {stack.action for stack in plan.foundation} == {action}
        assert {stack.action for stack in plan.tenants} == {"update"}


def test_a_new_cell_that_nobody_gets_into_is_refused() -> None:
    foundation, tenants = settled()
    moving = dataclasses.replace(body("272043"), cell="c")
    others = [one for one in FEDERATION.tenants if one.code != "272043"]
    wider = registry([*others, moving], cells=("a", "b", "c"))
    plan = make_plan(basis(wider, foundation=foundation, tenants=tenants))
    assert planned(plan, "272043").action == "refused"
    assert planned(plan, "cell-c").action == "refused"
    assert "every body" in planned(plan, "cell-c").reasons[0].en


def test_a_cell_that_the_file_lost_is_told_where_all_are_meant() -> None:
    foundation, tenants = settled()
    known = {**foundation, "cell-z": applied(planned(make_plan(basis()), "cell-a"), name="cell-z")}
    stack = planned(make_plan(basis(foundation=known, tenants=tenants)), "cell-z")
    assert stack.action == "none"
    assert "left alone" in stack.notes[0].en
    some = make_plan(basis(selector="272027", foundation=known, tenants=tenants))
    assert "cell-z" not in {one.name for one in some.stacks}


@pytest.mark.parametrize("selector", ["not all", "272027 and 271004"])
def test_nobody_is_a_plan_of_nothing(selector: str) -> None:
    assert make_plan(basis(selector=selector)).stacks == ()


def test_what_another_stack_exports_counts_for_whom_stands_on_it() -> None:
    foundation, tenants = settled()
    outputs = {**AROUND.outputs, "cell-b": {"vpc_id": "vpc-z"}}
    moved = dataclasses.replace(AROUND, outputs=outputs)
    found = basis(foundation=foundation, tenants=tenants)
    plan = make_plan(dataclasses.replace(found, under_tenants=moved))
    assert [stack.name for stack in plan.stacks if stack.runs] == ["272043"]
    assert tenants["272043"].applied_at == WHEN
