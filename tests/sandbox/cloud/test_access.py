from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from moyai.engine.sites import EmbeddedSite
from moyai.errors import OperationFailed
from moyai.sandbox.access import psql

LOGIN = "moyai/271004/eapp-a/app"


def run(argv: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*argv, "-tAc", "SELECT current_user || '@' || current_database()"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_psql_opens_with_the_bodys_login_and_a_neighbours_database_is_refused(
    sandbox: EmbeddedSite, aws: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperationFailed, match="no credentials that can be used"):
        psql(sandbox, "271004", "eapp-a")
    url = urlsplit(sandbox.operations_database())
    folder = sandbox.home / "cloud" / "postgres" / "operations"
    login = {
        "username": "operations",
        "password": (folder / "password").read_text(),
        "host": url.hostname,
        "port": url.port,
        "dbname": "operations",
    }
    aws("secretsmanager").create_secret(Name=LOGIN, SecretString=json.dumps(login))
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-is-not-there")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    argv, environ = psql(sandbox, "271004", "eapp-a")
    assert str(login["password"]) not in " ".join(argv)
    assert run(argv, dict(environ)).stdout.strip() == "operations@operations"
    argv, environ = psql(sandbox, "271004", "eapp-a", "postgres")
    refused = run(argv, dict(environ))
    assert refused.returncode != 0
    assert "permission denied for database" in refused.stderr
