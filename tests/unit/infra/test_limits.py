"""Sizes that AWS limits, for the longest names that a federation can have."""

from __future__ import annotations

import dataclasses
import re

import pytest
from mocked_stack import Run
from tests.sample import SAMPLE

from moyai.infra import boundaries
from moyai.registry.load import require


@pytest.fixture(scope="module")
def runs(shared: Run, cell: Run, city: Run, neighbour: Run, own: Run) -> list[Run]:
    return [shared, cell, city, neighbour, own]


LIMITS = {
    "aws:iam/policy:Policy": 6_144,
    "aws:iam/rolePolicy:RolePolicy": 10_240,
    "aws:kms/key:Key": 32_768,
    "aws:s3/bucketPolicy:BucketPolicy": 20_480,
}
"""Characters of a policy (IAM and AWS STS quotas; AWS KMS and Amazon S3 quotas)."""

NAMES = {
    "aws:ec2/securityGroup:SecurityGroup": ("name", r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"),
    "aws:ecs/service:Service": ("name", r"[a-zA-Z0-9_-]{1,255}"),
    "aws:iam/role:Role": ("name", r"[\w+=,.@-]{1,64}"),
    "aws:lb/loadBalancer:LoadBalancer": ("name", r"(?!-|internal-)[a-zA-Z0-9-]{1,32}(?<!-)"),
    "aws:lb/targetGroup:TargetGroup": ("name", r"(?!-)[a-zA-Z0-9-]{1,32}(?<!-)"),
    "aws:rds/cluster:Cluster": ("clusterIdentifier", r"[a-z](?!.*--)[a-z0-9-]{0,62}(?<!-)"),
    "aws:s3/bucket:Bucket": ("bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "aws:ssm/parameter:Parameter": ("name", r"/[a-zA-Z0-9_./-]{1,1010}"),
    "moyai:index:Database": ("name", r"[a-z_][a-z0-9_]{0,62}"),
}
"""What AWS takes as names, by type."""


def test_policies_fit(runs: list[Run]) -> None:
    seen = set()
    for run in runs:
        for one in run.custom:
            limit = LIMITS.get(one.type)
            if limit is not None:
                seen.add(one.type)
                policy = "".join(one.inputs["policy"].split())
                assert len(policy) <= limit, (one.urn, len(policy))
    assert seen == set(LIMITS)


def test_names_are_what_aws_takes(runs: list[Run]) -> None:
    seen = set()
    for run in runs:
        for one in run.custom:
            if one.type in NAMES:
                seen.add(one.type)
                key, pattern = NAMES[one.type]
                assert re.fullmatch(pattern, one.inputs[key]), (one.urn, one.inputs[key])
    assert seen == set(NAMES)


def test_names_are_unique_within_their_type(runs: list[Run]) -> None:
    taken: set[tuple[str, str, str]] = set()
    for run in runs:
        for one in run.custom:
            if one.type in NAMES:
                name = one.inputs[NAMES[one.type][0]]
                key = (one.type, one.inputs.get("region", ""), name)
                assert key not in taken, key
                taken.add(key)


def test_boundaries_fit_with_the_longest_slug() -> None:
    registry = require(SAMPLE)
    federation = dataclasses.replace(registry.federation, slug="f" * 32)
    for limit in (boundaries.bodies, boundaries.platform):
        assert len(limit(federation, registry.sites["sandbox"])) <= LIMITS["aws:iam/policy:Policy"]
