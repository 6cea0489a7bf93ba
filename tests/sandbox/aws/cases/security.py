"""Keys, roles, policies."""

from __future__ import annotations

import json

from case import Case, Maker, World


def trust(service: str = "ecs-tasks.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action: str = "s3:GetObject") -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def key_policy(sid: str) -> str:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(world: World, name: str = "role") -> str:
    return world.make("aws:iam/role:Role", name, {"assumeRolePolicy": trust()}).id


def key(world: World, **more: object) -> str:
    return str(world.make("aws:kms/key:Key", "key", more).outputs["arn"])


def kms_key(world: World) -> Case:
    return Case(
        {
            "description": "データの鍵",
            "multiRegion": True,
            "enableKeyRotation": True,
            "deletionWindowInDays": 7,
            "policy": key_policy("one"),
        },
        update={
            "description": "another",
            "policy": key_policy("two"),
            "isEnabled": False,
            "deletionWindowInDays": 8,
        },
        replace={"multiRegion": False, "keyUsage": "SIGN_VERIFY"},
        drift=lambda aws, it: aws("kms").disable_key_rotation(KeyId=it.id),
        drifted=frozenset({"enableKeyRotation"}),
        unread=frozenset({"deletionWindowInDays"}),
    )


def replica(world: World) -> Case:
    return Case(
        {
            "primaryKeyArn": key(world, multiRegion=True),
            "region": "ap-northeast-3",
            "policy": key_policy("one"),
        },
        update={"description": "副", "enabled": False},
        replace={"region": "us-east-1"},
        drift=lambda aws, it: aws("kms", "ap-northeast-3").enable_key(KeyId=it.id),
        drifted=frozenset({"enabled"}),
        import_id=lambda it: f"{it.id}@ap-northeast-3",
    )


def alias(world: World) -> Case:
    another = world.make("aws:kms/key:Key", "another", {})
    return Case(
        {"name": "alias/moyai-test", "targetKeyId": key(world)},
        update={"targetKeyId": another.id},
        replace={"name": "alias/other"},
        drift=lambda aws, it: aws("kms").delete_alias(AliasName=it.id),
        unread=frozenset({"targetKeyId"}),
    )


def iam_role(world: World) -> Case:
    limit = world.make("aws:iam/policy:Policy", "limit", {"policy": allow()})
    return Case(
        {
            "name": "moyai-test-role",
            "assumeRolePolicy": trust(),
            "permissionsBoundary": limit.id,
            "description": "a role",
        },
        update={
            "assumeRolePolicy": trust("backup.amazonaws.com"),
            "permissionsBoundary": None,
            "maxSessionDuration": 7200,
            "description": "the same role",
        },
        replace={"name": "another", "path": "/a/"},
        drift=lambda aws, it: aws("iam").update_role(RoleName=it.id, Description="changed"),
        drifted=frozenset({"description", "maxSessionDuration"}),
    )


def role_policy(world: World) -> Case:
    return Case(
        {"role": role(world), "policy": allow()},
        update={"policy": allow("s3:PutObject")},
        replace={"role": "another"},
        drift=lambda aws, it: aws("iam").delete_role_policy(
            RoleName=it.outputs["role"], PolicyName=it.outputs["name"]
        ),
    )


def policy(world: World) -> Case:
    return Case(
        {"name": "moyai-test", "policy": allow(), "path": "/moyai/", "description": "a policy"},
        update={"policy": allow("s3:PutObject")},
        replace={"name": "another", "path": "/", "description": "other"},
        drift=lambda aws, it: aws("iam").create_policy_version(
            PolicyArn=it.id, PolicyDocument=allow("s3:*"), SetAsDefault=True
        ),
        drifted=frozenset({"policy"}),
    )


def attachment(world: World) -> Case:
    attached = world.make("aws:iam/policy:Policy", "policy", {"policy": allow()})
    return Case(
        {"role": role(world), "policyArn": attached.id},
        replace={"role": "another", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        drift=lambda aws, it: aws("iam").detach_role_policy(
            RoleName=it.outputs["role"], PolicyArn=attached.id
        ),
    )


CASES: dict[str, Maker] = {
    "aws:iam/policy:Policy": policy,
    "aws:iam/role:Role": iam_role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": attachment,
    "aws:kms/alias:Alias": alias,
    "aws:kms/key:Key": kms_key,
    "aws:kms/replicaKey:ReplicaKey": replica,
}
