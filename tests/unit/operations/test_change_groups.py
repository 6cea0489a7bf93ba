"""Identical changes of many bodies are shown once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.engine.stacks import Step
from moyai.operations.deploys.change_groups import group


def test_bodies_with_the_same_changes_are_one_group_whatever_the_order() -> None:
    log = Step("create", "aws:cloudwatch/logGroup:LogGroup", "body")
    tag = Step("update", "aws:s3/bucket:Bucket", "documents", ("tags",))
    found = group({"1": [log, tag], "2": [tag, log], "3": [tag]})
    assert [one.codes for one in found] == [("1", "2"), ("3",)]
    assert [change.sign for change in found[0].changes] == ["+", "~"]


def test_a_bodys_own_code_does_not_set_it_apart() -> None:
    steps = {
        code: [Step("create", "moyai:infra:Environment", code)] for code in ("271004", "271403")
    }
    assert len(group(steps)) == 1


@given(
    st.dictionaries(
        st.text("123456789", min_size=6, max_size=6),
        st.lists(st.sampled_from([Step("create", "t", "a"), Step("delete", "t", "b")])),
    )
)
def test_every_body_is_in_exactly_one_group(steps: dict[str, list[Step]]) -> None:
    codes = [code for one in group(steps) for code in one.codes]
    assert sorted(codes) == sorted(steps)
