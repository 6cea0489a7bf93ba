"""Which approvals a plan wants: whoever asks is told the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from tests.unit.planning.fleet.made_plans import plans

from moyai.approvals.subjects import parse
from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.beginning import beginnings
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import newly_planned
from moyai.texts import same

MANY = (1_000, same("places"))


def asking(plan: OperationPlan) -> OperationPlan:
    return replace(plan, approval_seconds=3600)


@given(plan=plans())
def test_what_bodies_need_before_a_change_is_what_the_whole_wants(plan: OperationPlan) -> None:
    whole = wanted.of_whole(asking(plan))
    with_bodies = {body.wave for body in plan.bodies}
    nobody = {f"wave:{one.number}" for one in plan.waves if one.number not in with_bodies}
    needed = {"plan"}.union(*(wanted.before_change(plan, body) for body in plan.bodies))
    assert needed == set(whole) - nobody
    assert len(whole) == len(set(whole))
    assert [str(parse(one)) for one in whole] == list(whole)


@given(plan=plans())
def test_a_plan_that_needs_no_approval_wants_none(plan: OperationPlan) -> None:
    assert wanted.of_whole(replace(plan, approval_seconds=0)) == ()
    for body in plan.bodies:
        assert wanted.before_change(replace(plan, approval_seconds=0), body)[0] == "plan"


@given(plan=plans())
def test_a_body_waits_for_exactly_what_it_lacks(plan: OperationPlan) -> None:
    bare = replace(plan, bodies=tuple(replace(one, calendar=None) for one in plan.bodies))
    state = newly_planned(bare)
    found = beginnings(state, plan.planned_at, bare.bodies, MANY)
    for body in bare.bodies:
        lacks = wanted.lacking(wanted.of_body(body), frozenset())
        assert (body.code in found.begin) == (lacks is None)
        assert found.waits.get(body.code) == (None if lacks is None else wanted.why_body(lacks))
    approved = replace(state, approved=frozenset(wanted.of_whole(asking(bare))))
    found = beginnings(approved, plan.planned_at, bare.bodies, MANY)
    assert found.begin == [one.code for one in bare.bodies]


@given(plan=plans())
def test_each_lack_has_its_words(plan: OperationPlan) -> None:
    for subject in wanted.of_whole(asking(plan)):
        words = wanted.why(subject, plan)
        expected = {"plan": said.APPROVAL_LAPSED, "body": said.OWN_APPROVAL}
        if subject.startswith("wave:"):
            [name] = [one.name for one in plan.waves if f"wave:{one.number}" == subject]
            assert words == said.wave_approval(name)
        else:
            kind = subject.partition(":")[0]
            assert words == expected.get(kind, said.risk_approval(kind))
