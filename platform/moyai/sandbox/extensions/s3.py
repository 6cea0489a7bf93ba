"""S3: bucket policies are judged with their conditions."""

from __future__ import annotations

import json
from typing import Any

import moto.s3.models
from moto.iam.access_control import IAMPolicy, PermissionResult

from moyai.sandbox.extensions.replacing import replace


def extend() -> None:
    """Leave statements with a condition out of moto's judgement.

    moto denies whatever a policy denies under some condition, met or not; a bucket that demands TLS
    could not be used at all. The loopback stands in for TLS here, and no other condition can be
    judged: an isolation check must not take a bucket policy's condition for enforced.
    """

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(bucket.policy)
        statements = policy.get("Statement", [])
        policy["Statement"] = [one for one in statements if not one.get("Condition")]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    replace(moto.s3.models.FakeBucket, "get_permission", get_permission)
