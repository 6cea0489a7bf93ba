"""Access for people: psql on one body's database, with that body's credentials and no others."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from moyai.engine.sites import SiteRuntime
from moyai.errors import OperationFailed
from moyai.planning import names
from moyai.sandbox.postgres.binaries import programs
from moyai.texts import Text


def psql(
    site: SiteRuntime, code: str, service: str, database: str | None = None
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Command and variables that open psql as a subscription's application role.

    `database` names another database than its own, to see that it is refused. The password is among
    the variables, never on the command line. Raises `OperationFailed` where the sandbox does not
    run or the subscription has no database yet.
    """
    login = _login(site, code, service)
    variables = {
        "PGHOST": str(login["host"]),
        "PGPORT": str(login["port"]),
        "PGUSER": str(login["username"]),
        "PGPASSWORD": str(login["password"]),
        "PGDATABASE": database or str(login["dbname"]),
        "PGSSLMODE": site.site.database_sslmode,
        "PGCLIENTENCODING": "UTF8",
    }
    return (str(programs() / "psql"),), variables


def _login(site: SiteRuntime, code: str, service: str) -> Mapping[str, Any]:
    variables = site.environment()
    # Nothing of the operator's own AWS settings: a profile named there may not even exist.
    own = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"],
        botocore_session=own,
    )
    client = session.client(
        "secretsmanager",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        config=Config(proxies={}),
    )
    name = names.secrets(code, service)["app"]
    try:
        document = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
        missing = {"username", "password", "host", "port", "dbname"} - set(document)
    except (ClientError, BotoCoreError, KeyError, ValueError, TypeError) as error:
        raise _no_login(name, type(error).__name__) from None
    if missing:
        raise _no_login(name, ", ".join(sorted(missing)))
    found: Mapping[str, Any] = document
    return found


def _no_login(name: str, reason: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"シークレット {name} に使える資格情報がありません（{reason}）。",
            f"the secret {name} holds no credentials that can be used ({reason}).",
        ),
        remedy=Text(
            "moyai deploy でその団体の環境を先に作ってください。",
            "Make the body's environment first, with moyai deploy.",
        ),
    )
