"""What ECS's resources share: its way of writing, tags by ARN."""

from __future__ import annotations

from moyai.sandbox.aws.fields import Spelling
from moyai.sandbox.aws.handler import AwsResource
from moyai.sandbox.aws.tagging import ServiceTags


class EcsResource(AwsResource):
    """A resource of ECS."""

    service = "ecs"
    spell = Spelling.CAMEL
    tagging = ServiceTags(
        "tag_resource",
        "untag_resource",
        target="resourceArn",
        tags="tags",
        keys="tagKeys",
        signs=("key", "value"),
    )


def short(arn: str) -> str:
    """What follows the kind in an ARN; names stay as they are."""
    return arn.rsplit(":", 1)[-1].partition("/")[2] if arn.startswith("arn:") else arn


def as_said(live: str, said: object) -> str:
    """A live ARN, or the name that the program uses for the same."""
    return str(said) if said and short(str(said)) == short(live) else live
