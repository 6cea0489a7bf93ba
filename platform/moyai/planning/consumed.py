"""Names of the foundation's outputs that other stacks consume, and which stack consumes which. Pure.

`moyai.infra.outputs` has their types; this table alone is enough to compare fingerprints, and does
not bring the Pulumi SDK along.
"""

from __future__ import annotations

from collections.abc import Mapping

CONSUMED: Mapping[str, tuple[str, ...]] = {
    "shared": (
        "platform_key_arn",
        "bodies_boundary_arn",
        "platform_boundary_arn",
        "alarm_topic_arn",
        "certificate_arn",
        "zone_id",
    ),
    "cell": (
        "vpc_id",
        "private_subnet_ids",
        "ecs_cluster_arn",
        "ecs_cluster_name",
        "database_host",
        "database_port",
        "database_clients_group_id",
        "master_secret_arn",
        "admin_task_arn",
        "job_group_id",
        "admin_log_group",
        "public_listener_arn",
        "public_group_id",
        "public_dns_name",
        "public_zone_id",
        "public_suffix",
        "staff_listener_arn",
        "staff_group_id",
        "staff_dns_name",
        "staff_zone_id",
        "staff_suffix",
    ),
}

SHARED_IN_CELLS = frozenset(
    {"platform_key_arn", "platform_boundary_arn", "alarm_topic_arn", "certificate_arn"}
)
"""What of `shared` a cell is built with."""
SHARED_IN_BODIES = frozenset({"bodies_boundary_arn", "alarm_topic_arn", "zone_id"})
"""What of `shared` the environment of a body is built with. One with a network of its own has what
cells have, too."""
