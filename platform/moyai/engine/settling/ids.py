"""Which id a resource has if it exists: by its inputs alone, or found by looking for it live.

Ids are those of the `aws` provider's state (7.x), which its reads take. A type that is in neither
table is taken to be named by its input `name`, as most types of most providers are.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moyai.engine.settling.located import Locate, Located, identity
from moyai.engine.settling.search import Search, search
from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.state.checkpoint_store import CheckpointStore

Inputs = Mapping[str, Any]

_BY_ONE_INPUT: Mapping[str, str] = {
    "aws:backup/vault:Vault": "name",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "backupVaultName",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "bucket"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "bucket",
    "aws:ssm/parameter:Parameter": "name",
}
"""Type → the input that is the id."""


def _policy(inputs: Inputs, region: str, account: str) -> str:
    del region
    return f"arn:aws:iam::{account}:policy{inputs.get('path', '/')}{inputs['name']}"


def _cluster_service(inputs: Inputs, region: str, account: str) -> str:
    cluster = str(inputs["cluster"]).rsplit("/", 1)[-1]
    return f"arn:aws:ecs:{region}:{account}:service/{cluster}/{inputs['name']}"


def _record(inputs: Inputs, region: str, account: str) -> str:
    del region, account
    name = str(inputs["name"]).removesuffix(".").lower()
    return f"{inputs['zoneId']}_{name}_{inputs['type']}"


def _route(inputs: Inputs, region: str, account: str) -> str:
    """Of the table and a checksum of where to."""
    del region, account
    checksum = zlib.crc32(str(inputs["destinationCidrBlock"]).encode())
    return f"r-{inputs['routeTableId']}{checksum}"


_BY_INPUTS: Mapping[str, Callable[[Inputs, str, str], str]] = {
    "aws:budgets/budget:Budget": lambda i, _r, a: f"{i.get('accountId') or a}:{i['name']}",
    "aws:cloudtrail/trail:Trail": lambda i, r, a: f"arn:aws:cloudtrail:{r}:{a}:trail/{i['name']}",
    "aws:ec2/route:Route": _route,
    "aws:ecs/cluster:Cluster": lambda i, r, a: f"arn:aws:ecs:{r}:{a}:cluster/{i['name']}",
    "aws:ecs/service:Service": _cluster_service,
    "aws:iam/policy:Policy": _policy,
    "aws:iam/rolePolicy:RolePolicy": lambda i, _r, _a: f"{i['role']}:{i['name']}",
    # A replica has the key id of its primary, in another region.
    "aws:kms/replicaKey:ReplicaKey": lambda i, _r, _a: str(i["primaryKeyArn"]).rsplit("/", 1)[-1],
    "aws:route53/record:Record": _record,
    "aws:sns/topic:Topic": lambda i, r, a: f"arn:aws:sns:{r}:{a}:{i['name']}",
    "aws:wafv2/webAclAssociation:WebAclAssociation": (
        lambda i, _r, _a: f"{i['webAclArn']},{i['resourceArn']}"
    ),
}
"""Type → its id from inputs, region and account."""


def locator(
    within: Search, store: CheckpointStore, stack: StackId, checkpoint: Checkpoint
) -> Locate:
    """How to find what a create may have left, for one stack.

    What any stack of the same project has on record is never taken for another's leftover, and
    nothing is taken twice.
    """
    taken: set[str] = set()

    def look(kind: str, inputs: Inputs) -> Located | None:
        if not taken:
            taken.update(_known(store, stack, checkpoint))
        found = search(within, kind, inputs, taken)
        if found is not None and (one := found.identity(kind)) is not None:
            taken.add(one)
        return found

    def locate(kind: str, inputs: Inputs) -> Located:
        by_name = derive(kind, inputs, within.region, within.account)
        if by_name is not None:
            return Located(by_name)
        found = look(kind, inputs) if kind.startswith("aws:") else None
        if found is not None:
            return found
        name = inputs.get("name")
        is_known = isinstance(name, str) and not kind.startswith("aws:")
        return Located(str(name)) if is_known else Located(None, looked=False)

    return locate


def derive(kind: str, inputs: Inputs, region: str, account: str) -> str | None:
    """The id that a resource must have, by its inputs alone; None where they do not tell."""
    try:
        if kind in _BY_ONE_INPUT:
            return str(inputs[_BY_ONE_INPUT[kind]])
        if kind in _BY_INPUTS:
            return _BY_INPUTS[kind](inputs, str(inputs.get("region") or region), account)
    except KeyError:
        return None  # the program let the provider choose a name
    return None


def _known(store: CheckpointStore, stack: StackId, own: Checkpoint) -> set[str]:
    """By `identity`, what is on record in the stack's project."""
    found = set(_of(own))
    for name in store.names(stack.project):
        if name != stack.name:
            other = store.read(StackId(stack.project, name))
            found.update(_of(other) if other else ())
    return found


def _of(checkpoint: Checkpoint) -> Iterator[str]:
    return (
        identity(one["type"], one["id"], one.get("outputs"))
        for one in checkpoint.resources
        if one.get("id")
    )
