"""A service's own component, loaded from its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from mocked_stack import Build
from tests.sample import lay_out

from moyai.errors import UsageError

ADDS = """
import pulumi_aws as aws
from moyai.infra.extension import Extension


def build(args, opts):
    topic = aws.sns.Topic(f"{args.service}-{WORD}", name=args.prefix, tags=args.scope.tags(), opts=opts)
    return Extension(environment={"TOPIC": topic.arn})


WORD = "first"
"""


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """The sample with services in a folder of its own; the file of chat's component."""
    return lay_out(tmp_path).parent / "stacks" / "services" / "chat" / "component.py"


def test_component_adds_resources_and_variables(vendor: Path, build: Build) -> None:
    vendor.write_text(ADDS)
    run = build("272027", file=vendor.parents[3] / "tenants.yaml", chat="1.0.0")
    topic = run.one("aws:sns/topic:Topic", "chat-first")
    task = run.one("aws:ecs/taskDefinition:TaskDefinition", "chat")
    assert (
        f'{{"name":"TOPIC","value":"{topic.state["arn"]}"}}' in task.inputs["containerDefinitions"]
    )


def test_changed_component_is_loaded_anew(vendor: Path, build: Build) -> None:
    file = vendor.parents[3] / "tenants.yaml"
    vendor.write_text(ADDS)
    build("272027", file=file, chat="1.0.0")
    vendor.write_text(ADDS.replace('"first"', '"second"'))
    run = build("272027", file=file, day="2026-11-24", chat="1.0.0")
    assert [one.name for one in run.of("aws:sns/topic:Topic")] == ["chat-second"]


KEEPS = """
from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from moyai.infra.extension import Extension


@dataclass
class Kept:
    name: "str" = "kept"


def build(args, opts):
    aws.sns.Topic(f"{args.service}-{Kept().name}", name=args.prefix, tags=args.scope.tags(), opts=opts)
    return Extension()
"""


def test_a_component_may_have_data_classes(vendor: Path, build: Build) -> None:
    """They look their module up by its name."""
    vendor.write_text(KEEPS)
    run = build("272027", file=vendor.parents[3] / "tenants.yaml", chat="1.0.0")
    assert [one.name for one in run.of("aws:sns/topic:Topic")] == ["chat-kept"]


@pytest.mark.parametrize("content", ["", "build = 1", "def build(args, opts):\n    return {}"])
def test_component_without_a_right_build_is_named(vendor: Path, build: Build, content: str) -> None:
    vendor.write_text(content)
    with pytest.raises(UsageError) as error:
        build("272027", file=vendor.parents[3] / "tenants.yaml", chat="1.0.0")
    assert str(vendor) in error.value.what.ja
    assert "Extension" in error.value.what.en
