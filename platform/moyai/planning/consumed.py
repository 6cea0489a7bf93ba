"""Names of the foundation's outputs that bodies' stacks consume. Pure.

`moyai.infra.outputs` has their types; this table alone is enough to compare fingerprints, and does
not bring the Pulumi SDK along.
"""

from __future__ import annotations

from collections.abc import Mapping

CONSUMED: Mapping[str, tuple[str, ...]] = {
    "shared": ("platform_key_arn", "boundary_arn", "alarm_topic_arn", "vault_name"),
    "cell": (
        "vpc_id",
        "private_subnet_ids",
        "ecs_cluster_arn",
        "database_host",
        "database_port",
        "database_clients_group_id",
        "master_secret_arn",
        "admin_task_arn",
        "job_group_id",
        "admin_log_group",
        "public_listener_arn",
        "public_group_id",
        "staff_listener_arn",
        "staff_group_id",
    ),
}
