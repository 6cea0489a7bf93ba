"""Everything that is changed in moto, in one place.

moto records resources; the embedded cloud also gives some of them a body. Each change names what
it rests on, and `tests/sandbox/cloud/test_moto_contract.py` fails where a new moto no longer has
that.
"""

from __future__ import annotations

from moyai.sandbox.databases import ClusterDatabases
from moyai.sandbox.extensions import (
    acm,
    backup,
    budgets,
    ecs,
    kms,
    logs,
    rds,
    s3,
    secretsmanager,
    upkeep,
    wafv2,
)
from moyai.sandbox.tasks import TaskRunner


def extend(databases: ClusterDatabases, tasks: TaskRunner) -> None:
    """Change moto in this process. Called once, before the first request."""
    upkeep.extend()
    kms.extend()
    s3.extend()
    acm.extend()
    logs.extend()
    secretsmanager.extend()
    backup.extend()
    budgets.extend()
    wafv2.extend()
    rds.extend(databases)
    ecs.extend(tasks)
