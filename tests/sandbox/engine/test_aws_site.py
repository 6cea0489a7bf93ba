"""A site that is an AWS account, with moto's server in AWS's place."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filing_site import only, run_of

from moyai.engine.aws.credentials import CALLER, IDENTITY
from moyai.engine.aws.sessions import aws_session
from moyai.engine.aws.site import AwsSite, open_site
from moyai.engine.driver.driver import Driver
from moyai.engine.sites import EmbeddedSite
from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.engine.state.documents import open_records
from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed, UsageError
from moyai.registry.models import Site

ACCOUNT = "123456789012"
REGION = "ap-northeast-1"
KEY, SECRET = "AKIACALLER0000000001", "MARKED-CALLERS-SECRET"


@pytest.fixture
def endpoint(sandbox: EmbeddedSite, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where AWS seems to be for this process; the caller has keys in their variables."""
    for name in [name for name in os.environ if name.startswith(("AWS_", CALLER))]:
        monkeypatch.delenv(name)
    found = sandbox.environment()["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", found)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return found


@pytest.fixture
def site(endpoint: str, aws: Callable[..., Any], tmp_path: Path) -> Site:
    bucket = f"state-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    key = aws("kms").create_key(Description="state")["KeyMetadata"]["KeyId"]
    return Site(
        name="verify",
        runtime="aws",
        account_id=ACCOUNT,
        region=REGION,
        backup_region="ap-northeast-3",
        state_backend=f"s3://{bucket}/moyai?region={REGION}&endpoint={endpoint}&use_path_style=true",
        secrets_provider=f"awskms:///{key}?region={REGION}",
        operations_database=None,
        database_sslmode="verify-full",
        role_arn=None,
    )


@pytest.fixture
def role(site: Site, aws: Callable[..., Any]) -> Site:
    """The same site, entered by a role."""
    name = f"operator-{uuid.uuid4().hex[:8]}"
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return replace(site, role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}")


def opened(site: Site, tmp_path: Path) -> AwsSite:
    return open_site(site, tmp_path / "a home", tmp_path)


def refusal(site: AwsSite) -> MoyaiError:
    with pytest.raises(OperationFailed) as caught:
        site.ensure_ready()
    error = caught.value
    assert error.touched == NOTHING_TOUCHED
    assert error.remedy is not None
    assert SECRET not in "\n".join((*error.lines("ja"), *error.lines("en")))
    assert error.__suppress_context__ or error.__context__ is None
    return error


def test_account_bucket_and_key_are_looked_at(site: Site, tmp_path: Path) -> None:
    found = opened(site, tmp_path)
    found.ensure_ready()
    assert found.doubts() == ()
    assert [plugin.package for plugin in found.plugins()] == ["moyai"]
    assert found.environment()["AWS_REGION"] == REGION
    assert not any(SECRET in value for value in found.environment().values())


@pytest.mark.parametrize("setting", ["state_backend", "secrets_provider"])
@pytest.mark.parametrize("value", [None, "file:///tmp/state", "passphrase"])
def test_state_and_secrets_belong_into_the_account(
    site: Site, tmp_path: Path, setting: str, value: str | None
) -> None:
    with pytest.raises(UsageError, match=f"{setting} has to begin with"):
        opened(replace(site, **{setting: value}), tmp_path)


def test_another_account_is_refused_by_both_numbers(site: Site, tmp_path: Path) -> None:
    error = refusal(opened(replace(site, account_id="999988887777"), tmp_path))
    for text in (error.what.ja, error.what.en):
        assert "999988887777" in text
        assert ACCOUNT in text
        assert "AWS_ENDPOINT_URL" in text


def test_missing_bucket_and_key_are_named(site: Site, tmp_path: Path) -> None:
    error = refusal(opened(replace(site, state_backend="s3://not-there"), tmp_path))
    assert "not-there" in error.what.ja
    nothing = f"awskms://alias/not-there?region={REGION}"
    error = refusal(opened(replace(site, secrets_provider=nothing), tmp_path))
    assert "alias/not-there" in error.what.ja


def test_nobody_signed_in_is_no_traceback(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    found = opened(site, tmp_path)
    assert "Unable to locate credentials" in refusal(found).what.en
    with pytest.raises(OperationFailed, match="bucket"):  # what `moyai status` reads first
        open_records(found).load_all("proj")
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    assert "not-there" in refusal(found).what.en
    with pytest.raises(OperationFailed, match="bucket"):
        open_records(found).load_all("proj")


def test_account_that_does_not_answer(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    error = refusal(opened(site, tmp_path))
    assert error.remedy is not None
    assert "network" in error.remedy.en


def test_role_is_assumed_by_every_sdk_and_no_key_is_written(role: Site, tmp_path: Path) -> None:
    found = opened(role, tmp_path)
    variables = found.environment()
    assert role.role_arn is not None
    wanted = f":assumed-role/{role.role_arn.split('/')[1]}/moyai-"
    identity = aws_session(variables).client("sts").get_caller_identity()
    assert wanted in identity["Arn"]
    found.ensure_ready()
    # A program or plugin of the site, as the driver starts it.
    ask = "import boto3; print(boto3.Session().client('sts').get_caller_identity()['Arn'])"
    answer = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert wanted in answer.stdout
    assert {variables[name] for name in IDENTITY if name.endswith(("KEY", "KEY_ID"))} == {""}
    written = [p for p in (tmp_path / "a home").rglob("*") if p.is_file()]
    assert [p.name for p in written] == ["aws-config"]
    assert SECRET not in written[0].read_text()
    assert written[0].stat().st_mode & 0o777 == 0o600


def test_role_of_another_account_is_refused(role: Site, tmp_path: Path) -> None:
    elsewhere = replace(role, role_arn="arn:aws:iam::555566667777:role/operator")
    with pytest.raises(UsageError, match=f"role_arn is not of account {ACCOUNT}"):
        opened(elsewhere, tmp_path)


def test_role_that_may_not_be_assumed_says_why(
    role: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = opened(role, tmp_path)
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = refusal(found)
    assert "not-there" in error.what.en
    assert "Traceback" not in error.what.en


def test_the_engine_runs_a_stack_with_state_and_secrets_in_the_account(
    role: Site, tmp_path: Path, engine: Path, aws: Callable[..., Any]
) -> None:
    program = tmp_path / "program" / "__main__.py"
    program.parent.mkdir()
    program.write_text(
        "import pulumi\n"
        "pulumi.export('plain', pulumi.get_stack())\n"
        "pulumi.export('hidden', pulumi.Output.secret('MARKED-SECRET'))\n"
    )
    site = opened(role, tmp_path)
    site.ensure_ready()
    run = replace(run_of("a"), program=program, config={})
    with Driver(site, engine, jobs=1) as driver:
        result = only(driver, run)
    assert result.error is None
    assert result.outputs["plain"] == "a"
    checkpoint = open_checkpoints(site).read(StackId("proj", "a"))
    assert checkpoint is not None
    assert checkpoint.secrets_state["url"] == role.secrets_provider
    document = json.dumps(checkpoint.document)
    assert "MARKED-SECRET" not in document
    assert SECRET not in document


def test_a_journal_in_a_bucket(site: Site, tmp_path: Path) -> None:
    found = opened(site, tmp_path)
    stack, other = StackId("proj", "a"), StackId("proj", "ab")
    store = open_checkpoints(found)
    for one in (stack, other):
        store.create(one)
    journal = store.journal(stack, "v1")
    for number in (1, 2):
        resource = {"urn": f"urn:pulumi:a::proj::t::{number}", "type": "t", "id": str(number)}
        entry = {"version": 1, "kind": 1, "sequenceID": number, "operationID": number}
        journal.take([{**entry, "state": resource}])
    store = open_checkpoints(found)
    assert (store.is_open(stack), store.is_open(other)) == (True, False)
    checkpoint = store.read(stack)
    assert checkpoint is not None
    assert [one["id"] for one in checkpoint.resources] == ["1", "2"]
    assert store.sha256(stack) != checkpoint.sha256
    store.fold(stack)
    after = open_checkpoints(found)
    assert not after.is_open(stack)
    assert after.read(stack).sha256 == after.sha256(stack)  # type: ignore[union-attr]  # it is there
    assert [one["id"] for one in after.read(stack).resources] == ["1", "2"]  # type: ignore[union-attr]  # it is there
