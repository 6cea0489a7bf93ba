"""Decides requests as IAM does, from the policies that programs made (IAM User Guide, policy
evaluation logic, within one account)."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mocked_stack import ACCOUNT, Made, Run

ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
ADMINISTRATOR = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
"""What an operator's role has, and what a role would have whose policy is quite wrong."""


@dataclass
class Role:
    """A principal: its tags, its policies' statements, its boundary's."""

    arn: str
    tags: Mapping[str, str]
    statements: list[Mapping[str, Any]] = field(default_factory=list)
    boundary: list[Mapping[str, Any]] | None = None


class Account:
    """Everything that some runs made."""

    def __init__(self, *runs: Run) -> None:
        self.made: list[Made] = [one for run in runs for one in run.resources]
        self._boundaries = {
            one.state["arn"]: statements(one.inputs["policy"])
            for one in self.made
            if one.type == "aws:iam/policy:Policy"
        }
        self.roles = {
            one.inputs["name"]: Role(
                one.state["arn"],
                one.inputs.get("tags", {}),
                boundary=self._boundaries[one.inputs["permissionsBoundary"]],
            )
            for one in self.made
            if one.type == "aws:iam/role:Role"
        }
        for one in self.made:
            if one.type == "aws:iam/rolePolicy:RolePolicy":
                self.roles[one.inputs["role"]].statements += statements(one.inputs["policy"])
        self._bucket_policies = {
            one.inputs["bucket"]: statements(one.inputs["policy"])
            for one in self.made
            if one.type == "aws:s3/bucketPolicy:BucketPolicy"
        }
        self._keys = {
            one.state["arn"]: (statements(one.inputs["policy"]), one.inputs.get("tags", {}))
            for one in self.made
            if one.type in ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
        }

    def allows(self, role: Role, action: str, resource: str, **context: str) -> bool:
        """Whether a role may; keys of the context as AWS has them, `__` for `:`."""
        known = {
            "aws:PrincipalArn": role.arn,
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            **{f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()},
            **{key.replace("__", ":"): value for key, value in context.items()},
        }
        policy: list[Mapping[str, Any]] = []
        if resource.startswith("arn:aws:kms:"):
            policy, tags = self._keys[resource]
            known |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
            by_key = _decide(policy, action, resource, known, role.arn)
            if by_key is not True:
                return False
        elif resource.startswith("arn:aws:s3:::"):
            bucket = resource.removeprefix("arn:aws:s3:::").split("/")[0]
            policy = self._bucket_policies.get(bucket, [])
        if _decide(policy, action, resource, known, role.arn) is False:
            return False
        if role.boundary is not None and not _decide(role.boundary, action, resource, known):
            return False
        return _decide(role.statements, action, resource, known) is True


def statements(policy: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(policy)["Statement"]
    return found


def _decide(
    policy: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, str],
    principal: str | None = None,
) -> bool | None:
    """True: allowed; False: denied; None: the policy says nothing."""
    allowed: bool | None = None
    for one in policy:
        if (
            _principal(one, principal)
            and _any(one["Action"], action.lower(), context, lower=True)
            and ((principal is not None and one["Resource"] == ["*"])
                 or _any(one["Resource"], resource, context))
            and _conditions(one.get("Condition", {}), context)
        ):  # fmt: skip
            if one["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _principal(one: Mapping[str, Any], principal: str | None) -> bool:
    if principal is None:
        assert "Principal" not in one, "an identity policy names no principal"
        return True
    named = one["Principal"]
    return named == "*" or named.get("AWS") in (ROOT_ARN, principal)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _any(patterns: Any, value: str, context: Mapping[str, str], *, lower: bool = False) -> bool:
    return any(_like(one.lower() if lower else one, value, context) for one in _list(patterns))


def _like(pattern: str, value: str, context: Mapping[str, str]) -> bool:
    filled = _fill(pattern, context)
    # Only * and ? are wild in IAM; a name that begins with [ is none of fnmatch's sets.
    return filled is not None and fnmatch.fnmatchcase(value, filled.replace("[", "[[]"))


def _fill(pattern: str, context: Mapping[str, str]) -> str | None:
    """The pattern with its variables; None where one is unknown, which matches nothing."""
    missing = [one for one in re.findall(r"\$\{([^}]+)\}", pattern) if one not in context]
    if missing:
        return None
    return re.sub(r"\$\{([^}]+)\}", lambda found: context[found[1]], pattern)


def _conditions(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _condition(operator, context.get(key), _list(wanted), context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition(
    operator: str, value: str | None, wanted: list[str], context: Mapping[str, str]
) -> bool:
    if operator == "Null":
        return (value is None) == (wanted == ["true"])
    if operator == "StringNotEquals":
        return value is None or value not in [_fill(one, context) for one in wanted]
    if value is None:
        return False
    if operator in ("StringEquals", "Bool"):
        return value in [_fill(one, context) for one in wanted]
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(_like(one, value, context) for one in wanted)
    if operator == "NumericLessThan":
        return float(value) < float(wanted[0])
    raise NotImplementedError(operator)
