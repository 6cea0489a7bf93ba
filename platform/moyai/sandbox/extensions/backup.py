"""AWS Backup: a plan can be changed; each change is another version of it."""

from __future__ import annotations

import json
from typing import Any

from moto.backup.models import Plan
from moto.backup.responses import BackupResponse

from moyai.sandbox.extensions.replacing import add


def extend() -> None:
    """The action that moto lacks."""
    add(BackupResponse, "update_backup_plan", _update)


def _update(self: Any) -> str:
    backend = self.backup_backend
    plan = backend.get_backup_plan(self.path.split("/plans/")[-1].strip("/"), None)
    # A new one fills in defaults and takes a version; the plan keeps what else it is.
    new = Plan(json.loads(self.body)["BackupPlan"], plan.creator_request_id, backend)
    plan.backup_plan = new.backup_plan
    plan.advanced_backup_settings = new.advanced_backup_settings
    plan.version_id = new.version_id
    return json.dumps(plan.to_dict())
