"""KMS: what multi-Region keys say of themselves, whoever asked whom before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HOME, BACKUP = "ap-northeast-1", "ap-northeast-3"


def test_a_multi_region_key_says_what_it_is_whichever_was_asked_before(
    aws: Callable[..., Any],
) -> None:
    key = aws("kms", HOME).create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    made = aws("kms", HOME).replicate_key(KeyId=key, ReplicaRegion=BACKUP)["ReplicaKeyMetadata"]
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    for region, kind in ((BACKUP, "REPLICA"), (HOME, "PRIMARY"), (BACKUP, "REPLICA")):
        found = aws("kms", region).describe_key(KeyId=key)["KeyMetadata"]
        told = found["MultiRegionConfiguration"]
        assert told["MultiRegionKeyType"] == kind, region
        assert told["PrimaryKey"]["Region"] == HOME
        assert [replica["Region"] for replica in told["ReplicaKeys"]] == [BACKUP]
        assert f":{region}:" in found["Arn"]
