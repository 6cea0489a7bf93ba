"""Who reaches what: each refusal beside a request of the same kind that is granted."""

from __future__ import annotations

import dataclasses
import json

import pytest
from iam_access import ADMINISTRATOR, ROOT_ARN, Account, Role
from mocked_stack import ACCOUNT, REGION, Run

S3 = f"s3.{REGION}.amazonaws.com"
SECRETS = f"secretsmanager.{REGION}.amazonaws.com"
READ = "s3:GetObject"


@pytest.fixture(scope="module")
def account(shared: Run, cell: Run, city: Run) -> Account:
    """One body in a cell."""
    return Account(shared, cell, city)


@pytest.fixture(scope="module")
def two(shared: Run, cell: Run, city: Run, neighbour: Run) -> tuple[Account, Account]:
    """The same account as two bodies see it: keys of the mock have the same ARN in each stack."""
    return Account(shared, cell, city), Account(shared, cell, neighbour)


def document(code: str, key: str) -> str:
    return f"arn:aws:s3:::osaka-{code}-documents-{ACCOUNT}/{key}"


def backup(code: str, key: str) -> str:
    return f"arn:aws:s3:::osaka-{code}-backups-{ACCOUNT}/backups/{key}"


def secret(path: str) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{path}-AbCdEf"


def parameter(path: str) -> str:
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}"


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/body"
PLATFORM_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/platform"
REPLICA = f"arn:aws:kms:ap-northeast-3:{ACCOUNT}:key/body"

CHAT, FORMS = "osaka-272027-chat", "osaka-272027-eapp-b"


def wrong(role: Role) -> Role:
    """The role with a policy that allows everything: only its boundary is left."""
    return dataclasses.replace(role, statements=ADMINISTRATOR)


def bare(role: Role) -> Role:
    """The role without its boundary: only its own policy is left."""
    return dataclasses.replace(role, boundary=None)


def test_service_reaches_its_own_objects_only(account: Account) -> None:
    task = account.roles[f"{CHAT}-task"]
    for action in (READ, "s3:PutObject", "s3:DeleteObject"):
        assert account.allows(task, action, document("272027", "chat/a.pdf"))
        assert not account.allows(bare(task), action, document("272027", "eapp-b/a.pdf"))
        assert not account.allows(bare(task), action, document("272027", "chat-old/a.pdf"))
        assert not account.allows(bare(task), action, document("271004", "chat/a.pdf"))


def test_service_lists_its_own_prefix_only(account: Account) -> None:
    task = account.roles[f"{CHAT}-task"]
    bucket = f"arn:aws:s3:::osaka-272027-documents-{ACCOUNT}"
    assert account.allows(task, "s3:ListBucket", bucket, s3__prefix="chat/2026/")
    assert not account.allows(bare(task), "s3:ListBucket", bucket, s3__prefix="eapp-b/")
    assert not account.allows(bare(task), "s3:ListBucket", bucket)
    other = f"arn:aws:s3:::osaka-271004-documents-{ACCOUNT}"
    assert not account.allows(bare(task), "s3:ListBucket", other, s3__prefix="chat/")


def test_service_reads_its_own_application_secret_only(account: Account) -> None:
    task, get = account.roles[f"{CHAT}-task"], "secretsmanager:GetSecretValue"
    assert account.allows(task, get, secret("moyai/272027/chat/app"))
    assert not account.allows(bare(task), get, secret("moyai/272027/chat/owner"))
    assert not account.allows(bare(task), get, secret("moyai/272027/eapp-b/app"))
    assert not account.allows(bare(task), get, secret("moyai/271004/chat/app"))


def test_job_reads_both_secrets_of_its_subscription(account: Account) -> None:
    job, get = account.roles[f"{CHAT}-job"], "secretsmanager:GetSecretValue"
    assert account.allows(job, get, secret("moyai/272027/chat/owner"))
    assert account.allows(job, get, secret("moyai/272027/chat/app"))
    assert not account.allows(bare(job), get, secret("moyai/272027/eapp-b/owner"))
    assert not account.allows(
        bare(job), "secretsmanager:PutSecretValue", secret("moyai/272027/chat/app")
    )


def test_job_writes_and_reads_its_own_backups_and_deletes_none(account: Account) -> None:
    job, task = account.roles[f"{CHAT}-job"], account.roles[f"{CHAT}-task"]
    mine, others = backup("272027", "chat/1.dump"), backup("272027", "eapp-b/1.dump")
    for action in (READ, "s3:PutObject", "s3:AbortMultipartUpload"):
        assert account.allows(job, action, mine)
        for place in (others, backup("271004", "chat/1.dump")):
            assert not account.allows(bare(job), action, place)
            assert not account.allows(wrong(job), action, place)
        assert not account.allows(task, action, mine)
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention"):
        assert not account.allows(wrong(job), action, mine)


def test_job_reads_versions_of_its_own_objects_and_deletes_none(account: Account) -> None:
    job, task = account.roles[f"{CHAT}-job"], account.roles[f"{CHAT}-task"]
    bucket = f"arn:aws:s3:::osaka-272027-documents-{ACCOUNT}"
    versions, read = "s3:ListBucketVersions", "s3:GetObjectVersion"
    assert account.allows(job, versions, bucket, s3__prefix="chat/")
    assert not account.allows(job, versions, bucket, s3__prefix="eapp-b/")
    assert not account.allows(task, versions, bucket, s3__prefix="chat/")
    assert account.allows(job, read, document("272027", "chat/a"))
    assert not account.allows(wrong(job), read, document("272027", "eapp-b/a"))
    assert not account.allows(wrong(job), "s3:DeleteObjectVersion", document("272027", "chat/a"))


def test_execution_role_starts_its_own_service_only(account: Account) -> None:
    role = account.roles[f"{CHAT}-exec"]
    assert account.allows(role, "ssm:GetParameters", parameter("moyai/272027/chat/retention_days"))
    assert not account.allows(
        bare(role), "ssm:GetParameters", parameter("moyai/272027/eapp-b/payment")
    )
    pull = "ecr:BatchGetImage"
    images = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/"
    assert account.allows(role, pull, f"{images}moyai-chat")
    assert account.allows(role, pull, f"{images}moyai-jobs")
    assert not account.allows(bare(role), pull, f"{images}moyai-eapp-b")
    assert not account.allows(bare(role), READ, document("272027", "chat/a.pdf"))


@pytest.mark.parametrize(
    ("action", "mine", "others"),
    [
        (READ, document("272027", "chat/x"), document("271004", "chat/x")),
        (READ, document("272027", "chat/x"), document("272027", "eapp-b/x")),
        (
            "secretsmanager:GetSecretValue",
            secret("moyai/272027/chat/app"),
            secret("moyai/271004/chat/app"),
        ),
        (
            "secretsmanager:GetSecretValue",
            secret("moyai/272027/chat/app"),
            secret("moyai/272027/eapp-b/app"),
        ),
        ("ssm:GetParameters", parameter("moyai/272027/chat/a"), parameter("moyai/271004/chat/a")),
        (
            "sns:Publish",
            f"arn:aws:sns:{REGION}:{ACCOUNT}:osaka-272027-chat-notices",
            f"arn:aws:sns:{REGION}:{ACCOUNT}:osaka-271004-chat-notices",
        ),
        (
            "logs:PutLogEvents",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/osaka/272027:log-stream:a",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/osaka/271004:log-stream:a",
        ),
    ],
)
def test_boundary_holds_where_a_policy_is_wrong(
    account: Account, action: str, mine: str, others: str
) -> None:
    role = wrong(account.roles[f"{CHAT}-task"])
    assert account.allows(role, action, mine)
    assert not account.allows(role, action, others)


def test_boundary_keeps_roles_and_grants_out(account: Account) -> None:
    role = wrong(account.roles[f"{CHAT}-task"])
    for action in ("iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary", "sts:AssumeRole"):
        assert not account.allows(role, action, role.arn)
    assert not account.allows(role, "kms:CreateGrant", KEY)
    assert not account.allows(role, "ec2:RunInstances", "*")


def test_key_opens_for_its_body_only(two: tuple[Account, Account]) -> None:
    account, other = two
    mine, foreign = account.roles[f"{CHAT}-task"], other.roles["osaka-271004-eapp-a-task"]
    assert account.allows(mine, "kms:Decrypt", KEY, kms__ViaService=S3)
    assert account.allows(mine, "kms:GenerateDataKey", KEY, kms__ViaService=S3)
    assert not account.allows(foreign, "kms:Decrypt", KEY, kms__ViaService=S3)
    assert not account.allows(wrong(foreign), "kms:Decrypt", KEY, kms__ViaService=S3)
    assert other.allows(foreign, "kms:Decrypt", KEY, kms__ViaService=S3)


@pytest.mark.parametrize("key", [KEY, REPLICA])
def test_platform_administers_keys_without_decrypting(account: Account, key: str) -> None:
    operator = Role(f"arn:aws:iam::{ACCOUNT}:role/moyai-operator", {}, list(ADMINISTRATOR))
    for action in ("kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion"):
        assert account.allows(operator, action, key)
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"):
        assert not account.allows(operator, action, key)
    granted = {
        "kms__GrantIsForAWSResource": "true",
        "kms__ViaService": f"rds.{REGION}.amazonaws.com",
    }
    assert not account.allows(operator, "kms:CreateGrant", key, **granted)


def test_own_cell_lets_rds_have_grants_and_nobody_else(shared: Run, own: Run) -> None:
    account = Account(shared, own)
    operator = Role(f"arn:aws:iam::{ACCOUNT}:role/moyai-operator", {}, list(ADMINISTRATOR))
    rds = f"rds.{REGION}.amazonaws.com"
    granted = {"kms__GrantIsForAWSResource": "true", "kms__ViaService": rds}
    assert account.allows(operator, "kms:CreateGrant", KEY, **granted)
    assert not account.allows(operator, "kms:CreateGrant", KEY)
    assert not account.allows(operator, "kms:CreateGrant", KEY, kms__ViaService=rds)


def test_admin_job_writes_secrets_and_opens_nothing_else(account: Account) -> None:
    job = account.roles["osaka-cell-a-database-admin"]
    mine = secret("moyai/272027/chat/app")
    for action in ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"):
        assert account.allows(job, action, mine)
    context = {"kms__ViaService": SECRETS, "kms__EncryptionContext:SecretARN": mine}
    assert account.allows(job, "kms:GenerateDataKey", KEY, **context)
    assert not account.allows(bare(job), "kms:Decrypt", KEY, kms__ViaService=S3)
    assert not account.allows(bare(job), "kms:Decrypt", KEY)
    assert not account.allows(bare(job), READ, document("272027", "chat/a.pdf"))
    master = secret("rds!cluster-cell-a")
    assert account.allows(job, "secretsmanager:GetSecretValue", master)
    assert account.allows(job, "kms:Decrypt", PLATFORM_KEY, kms__ViaService=SECRETS)
    assert not account.allows(bare(job), "secretsmanager:PutSecretValue", master)


def test_own_cells_admin_job_stays_with_its_body(shared: Run, own: Run) -> None:
    account = Account(shared, own)
    job, put = account.roles["osaka-271403-database-admin"], "secretsmanager:PutSecretValue"
    assert account.allows(job, put, secret("moyai/271403/eapp-a/app"))
    assert not account.allows(bare(job), put, secret("moyai/271004/eapp-a/app"))


def test_auditor_reads_the_whole_body_and_changes_nothing(account: Account) -> None:
    role = account.roles["osaka-272027-auditor"]
    backup = f"arn:aws:s3:::osaka-272027-backups-{ACCOUNT}/daily/2026-11-23.dump"
    for place in (document("272027", "chat/a.pdf"), document("272027", "eapp-b/a.pdf"), backup):
        assert account.allows(role, READ, place)
        assert not account.allows(role, "s3:PutObject", place)
        assert not account.allows(role, "s3:DeleteObject", place)
    assert account.allows(role, "kms:Decrypt", KEY, kms__ViaService=S3)
    away = S3.replace(REGION, "ap-northeast-3")
    assert account.allows(role, "kms:Decrypt", REPLICA, kms__ViaService=away)
    assert not account.allows(bare(role), "kms:Decrypt", KEY, kms__ViaService=SECRETS)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/osaka/272027"
    assert account.allows(role, "logs:FilterLogEvents", f"{group}:log-stream:a")
    assert not account.allows(
        role, "secretsmanager:GetSecretValue", secret("moyai/272027/chat/app")
    )
    assert not account.allows(role, READ, document("271004", "chat/a.pdf"))
    assert not account.allows(wrong(role), READ, document("271004", "chat/a.pdf"))
    assert not account.allows(wrong(role), "s3:PutObject", document("272027", "chat/a.pdf"))


def test_buckets_take_tls_and_their_own_key_only(account: Account) -> None:
    task, place = account.roles[f"{CHAT}-task"], document("272027", "chat/a.pdf")
    assert not account.allows(task, READ, place, aws__SecureTransport="false")
    assert not account.allows(task, READ, place, s3__TlsVersion="1.1")
    put, asked = "s3:PutObject", "s3__x-amz-server-side-encryption"
    assert account.allows(task, put, place, **{asked: "aws:kms", f"{asked}-aws-kms-key-id": KEY})
    assert not account.allows(task, put, place, **{asked: "AES256"})
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/other"
    assert not account.allows(
        task, put, place, **{asked: "aws:kms", f"{asked}-aws-kms-key-id": other}
    )


def test_only_aws_assumes_services_roles_and_only_with_mfa_people_the_auditors(city: Run) -> None:
    for role in city.of("aws:iam/role:Role"):
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        if role.name == "auditor":
            assert statement["Principal"] == {"AWS": ROOT_ARN}
            assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        else:
            assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_component_of_a_service_extends_its_own_role_within_the_boundary(
    shared: Run, cell: Run, neighbour: Run
) -> None:
    account = Account(shared, cell, neighbour)
    task = account.roles["osaka-271004-eapp-a-task"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:osaka-271004-eapp-a-notices"
    assert account.allows(task, "sns:Publish", topic)
    assert not account.allows(task, "sns:Publish", topic.replace("notices", "other"))
    assert account.allows(
        task, "secretsmanager:GetSecretValue", secret("moyai/271004/eapp-a/gbizid")
    )
