"""Policy documents as plain values; `document` makes them deterministic JSON.

Here are the builders and the policies of buckets, topics and tasks' roles; keys have theirs in
`key_policies`, the outermost limits of roles are in `boundaries`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi

from moyai.registry.models import Site

Statement = Mapping[str, object]


def document(*statements: Statement) -> str:
    """A policy of these statements, as JSON with sorted keys."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return json.dumps(policy, sort_keys=True, separators=(",", ":"))


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]],
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """An allowing statement of an identity policy. `document` takes it once outputs are resolved."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return {**statement, "Condition": condition} if condition else statement


def grant(
    sid: str,
    principal: Mapping[str, object],
    actions: Sequence[str],
    resource: str | Sequence[str] = "*",
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """An allowing statement of a resource's policy."""
    return {"Principal": principal, **allow(sid, actions, _list(resource), condition)}


def deny(
    sid: str, actions: Sequence[str], resource: str | Sequence[str], condition: Mapping[str, object]
) -> Statement:
    """A statement of a resource's policy that denies everyone."""
    return {**grant(sid, {}, actions, resource, condition), "Effect": "Deny", "Principal": "*"}


def _list(resource: str | Sequence[str]) -> list[str]:
    return [resource] if isinstance(resource, str) else list(resource)


def arn(site: Site, service: str, rest: str, region: str | None = None) -> str:
    """An ARN of the site's account, in its home region unless another is named."""
    return f"arn:aws:{service}:{region or site.region}:{site.account_id}:{rest}"


def root_arn(site: Site) -> str:
    """The account itself, which hands on to its IAM policies."""
    return f"arn:aws:iam::{site.account_id}:root"


def role_arn(site: Site, name: str) -> str:
    """The ARN of a role by its name, known before the role is made."""
    return f"arn:aws:iam::{site.account_id}:role/{name}"


def secret_arns(site: Site, path: str) -> str:
    """A pattern for secrets by name: AWS adds six letters of its own to a secret's ARN."""
    return arn(site, "secretsmanager", f"secret:{path}")


def log_streams(site: Site, group: str) -> str:
    """The streams of a log group."""
    return arn(site, "logs", f"log-group:{group}:*")


def trust(service: str, account_id: str) -> str:
    """Who may assume a role: one AWS service, on behalf of this account only."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
        }
    )


def trust_people(site: Site) -> str:
    """People of the account may assume the role, with a second factor."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(site)},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        }
    )


def bucket_policy(bucket: str, key_arn: str, *more: Statement) -> str:
    """A bucket that is reached over TLS 1.2 or newer only, and takes objects under its key only:
    whoever asks for no encryption gets the bucket's own, whoever asks for another is refused."""
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    asked = "s3:x-amz-server-side-encryption"
    asked_key = f"{asked}-aws-kms-key-id"
    return document(
        deny("TlsOnly", ["s3:*"], arns, {"Bool": {"aws:SecureTransport": "false"}}),
        deny("Tls12", ["s3:*"], arns, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny(
            "NoOtherEncryption",
            ["s3:PutObject"],
            arns[1],
            {"Null": {asked: "false"}, "StringNotEquals": {asked: "aws:kms"}},
        ),
        deny(
            "NoOtherKey",
            ["s3:PutObject"],
            arns[1],
            {"Null": {asked_key: "false"}, "StringNotEquals": {asked_key: key_arn}},
        ),
        *more,
    )


def trail_writes(bucket: str, trail_arn: str, account_id: str) -> tuple[Statement, ...]:
    """What CloudTrail needs on its bucket (AWS CloudTrail User Guide, bucket policy)."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    source = {"aws:SourceArn": trail_arn}
    return (
        grant(
            "TrailLooks",
            principal,
            ["s3:GetBucketAcl"],
            f"arn:aws:s3:::{bucket}",
            {"StringEquals": source},
        ),
        grant(
            "TrailWrites",
            principal,
            ["s3:PutObject"],
            f"arn:aws:s3:::{bucket}/AWSLogs/{account_id}/*",
            {"StringEquals": {**source, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    )


def alarm_topic(site: Site, name: str) -> str:
    """The topic of alarms: the account's alarms and budgets publish to it, over TLS, and nobody else."""
    topic = arn(site, "sns", name)
    return document(
        grant(
            "Alarms",
            {"Service": "cloudwatch.amazonaws.com"},
            ["sns:Publish"],
            topic,
            {
                "StringEquals": {"aws:SourceAccount": site.account_id},
                "ArnLike": {"aws:SourceArn": arn(site, "cloudwatch", "alarm:*")},
            },
        ),
        grant(
            "Budgets",
            {"Service": "budgets.amazonaws.com"},
            ["sns:Publish"],
            topic,
            {
                "StringEquals": {"aws:SourceAccount": site.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{site.account_id}:*"},
            },
        ),
        grant(
            "AccountAdministers",
            {"AWS": root_arn(site)},
            ["sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Subscribe",
             "sns:ListSubscriptionsByTopic", "sns:DeleteTopic"],
            topic,
        ),
        deny("TlsOnly", ["sns:Publish"], topic, {"Bool": {"aws:SecureTransport": "false"}}),
    )  # fmt: skip


def own_objects(bucket: str, prefix: str) -> tuple[Statement, ...]:
    """A service's own prefix in the body's documents bucket, and nothing beside it."""
    place = f"arn:aws:s3:::{bucket}"
    return (
        allow("List", ["s3:ListBucket"], [place], {"StringLike": {"s3:prefix": [f"{prefix}*"]}}),
        allow(
            "Objects",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [f"{place}/{prefix}*"],
        ),
    )


def own_versions(bucket: str, prefix: str) -> tuple[Statement, ...]:
    """The versions below a service's prefix: a backup lists them, a restore reads them."""
    place = f"arn:aws:s3:::{bucket}"
    return (
        allow(
            "ListVersions",
            ["s3:ListBucketVersions"],
            [place],
            {"StringLike": {"s3:prefix": [f"{prefix}*"]}},
        ),
        allow("Versions", ["s3:GetObjectVersion"], [f"{place}/{prefix}*"]),
    )


def own_backups(bucket: str, prefix: str) -> tuple[Statement, ...]:
    """A subscription's own backups: written and read back, never deleted."""
    place = f"arn:aws:s3:::{bucket}"
    return (
        allow(
            "ListBackups", ["s3:ListBucket"], [place], {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
        ),
        allow(
            "Backups",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            [f"{place}/{prefix}*"],
        ),
    )


def everywhere(key_arn: str) -> str:
    """A multi-Region key and its replicas, which have its id."""
    parts = key_arn.split(":")
    return ":".join([*parts[:3], "*", *parts[4:]])


def use_key(key_arn: str) -> Statement:
    """Read and write what is encrypted under a key. The key's own policy names who may, too."""
    return allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [everywhere(key_arn)])


def read_secrets(arns: Sequence[str]) -> Statement:
    """Read the values of some secrets."""
    return allow("Secrets", ["secretsmanager:GetSecretValue"], arns)


def execution(
    site: Site,
    log_group: str,
    images: Sequence[str],
    secrets: Sequence[str] = (),
    parameters: Sequence[str] = (),
    key_arn: str = "",
) -> str:
    """What ECS itself needs to start a task: its images, log streams, secrets and parameters.

    `key_arn` is the key of the secrets, needed where there are any.
    """
    repositories = sorted({image.partition("@")[0].partition(":")[0] for image in images})
    statements = [
        allow("Registry", ["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            "Images",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [arn(site, "ecr", f"repository/{one}") for one in repositories],
        ),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_streams(site, log_group)]),
    ]
    if secrets:
        statements += [read_secrets(secrets), allow("Key", ["kms:Decrypt"], [key_arn])]
    if parameters:
        statements.append(allow("Parameters", ["ssm:GetParameters"], parameters))
    return document(*statements)


def flow_log(site: Site, log_group: str) -> str:
    """What VPC Flow Logs needs to write into its group."""
    return document(
        allow(
            "Write",
            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            [arn(site, "logs", f"log-group:{log_group}"), log_streams(site, log_group)],
        )
    )


def database_admin(
    site: Site, master_secret: str, master_key: str, secrets: str, bodies: str
) -> str:
    """The database-admin job: reads a cluster's master secret, writes bodies' credentials.

    `secrets` is a pattern of names (`moyai/*`), `bodies` the code whose keys it uses, or `*`: a
    key opens nothing for it but a secret of that body.
    """
    via = {"kms:ViaService": f"secretsmanager.{site.region}.amazonaws.com"}
    pattern = secret_arns(site, secrets)
    return document(
        allow("Master", ["secretsmanager:GetSecretValue"], [master_secret]),
        allow("MasterKey", ["kms:Decrypt"], [master_key], {"StringEquals": via}),
        allow(
            "BodiesSecrets",
            [
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            [pattern],
        ),
        allow(
            "BodiesKeys",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [arn(site, "kms", "key/*")],
            {
                "StringEquals": via,
                "StringLike": {
                    "kms:EncryptionContext:SecretARN": pattern,
                    "aws:ResourceTag/moyai:tenant": bodies,
                },
            },
        ),
    )


def auditor(site: Site, buckets: Sequence[str], log_group: str, key_arn: str) -> str:
    """Reads a body's documents, backups and logs, and changes nothing."""
    places = [f"arn:aws:s3:::{bucket}" for bucket in buckets]
    groups = [arn(site, "logs", f"log-group:{one}:*") for one in (log_group, f"{log_group}/*")]
    return document(
        allow(
            "List", ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketObjectLockConfiguration"], places
        ),
        allow("Read", ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"],
              [f"{place}/*" for place in places]),
        allow("Logs", ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"], groups),
        allow("Key", ["kms:Decrypt"], [everywhere(key_arn)]),
    )  # fmt: skip
