"""CloudWatch Logs: a log group's key can be changed, and taken away."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from moyai.sandbox.extensions.replacing import add


def extend() -> None:
    """The two actions that moto lacks; groups are named by `logGroupName`, not by an ARN."""
    add(LogsResponse, "associate_kms_key", _associate)
    add(LogsResponse, "disassociate_kms_key", _disassociate)


def _associate(self: Any) -> str:
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def _disassociate(self: Any) -> str:
    _group(self).kms_key_id = None
    return ""


def _group(asked: Any) -> Any:
    group = asked.logs_backend.groups.get(asked._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException
    return group
