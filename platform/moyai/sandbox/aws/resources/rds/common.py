"""What RDS's resources share: tags by ARN. Their ids are their names."""

from __future__ import annotations

from moyai.sandbox.aws.handler import AwsResource
from moyai.sandbox.aws.tagging import ServiceTags


class RdsResource(AwsResource):
    """A resource of RDS."""

    service = "rds"
    tagging = ServiceTags(
        "add_tags_to_resource",
        "remove_tags_from_resource",
        "list_tags_for_resource",
        target="ResourceName",
        answer="TagList",
    )
    tag_by = "arn"
