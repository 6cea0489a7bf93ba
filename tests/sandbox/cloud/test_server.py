"""What the HTTP side refuses, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from moyai.engine.sites import EmbeddedSite


def ask(
    sandbox: EmbeddedSite, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(sandbox.environment()["AWS_ENDPOINT_URL"]).netloc)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_browsers_are_refused(sandbox: EmbeddedSite) -> None:
    status, headers, _ = ask(sandbox, "GET", "/", {"Origin": "https://example.com"})
    assert status == 403
    assert not any(name.lower().startswith("access-control") for name in headers)


def test_motos_own_reset_is_refused(sandbox: EmbeddedSite) -> None:
    status, _, words = ask(sandbox, "POST", "/moto-api/reset")
    assert status == 403
    assert b"moyai sandbox reset" in words


def test_what_moto_does_not_do_is_an_error_that_names_it(aws: Callable[..., Any]) -> None:
    backup = aws("backup")
    with pytest.raises(ClientError) as caught:
        backup.create_backup_selection(
            BackupPlanId="plan",
            BackupSelection={
                "SelectionName": "x",
                "IamRoleArn": "arn:aws:iam::123456789012:role/x",
            },
        )
    error = caught.value.response["Error"]
    assert error["Code"] == "NotImplemented"
    assert "create_backup_selection" in error["Message"]


def test_cluster_snapshots_are_not_restored_as_if_they_held_data(aws: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="keeps no data in cluster snapshots"):
        aws("rds").restore_db_cluster_from_snapshot(
            DBClusterIdentifier="new", SnapshotIdentifier="any", Engine="aurora-postgresql"
        )


def test_the_operators_own_settings_are_out_of_force(
    sandbox: EmbeddedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    found = sandbox.environment()
    assert found["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    assert found["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert found["AWS_CONFIG_FILE"].startswith(str(sandbox.home))
    assert found["AWS_SHARED_CREDENTIALS_FILE"].startswith(str(sandbox.home))
    assert found["PULUMI_BACKEND_URL"].startswith("file://")
    assert [plugin.package for plugin in sandbox.plugins()] == ["aws", "moyai"]
