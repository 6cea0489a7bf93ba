"""Passwords of roles: made here, kept in Secrets Manager, nowhere else.

A secret's value is JSON: `{"username", "password", "host", "port", "dbname"}`; the one that RDS
manages for a cluster's master role has the first two only.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.results import JobError
from moyai.jobs.settings import Server
from moyai.texts import Text

_LETTERS = string.ascii_letters + string.digits
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
"""Stages of a secret's versions: the one that is read, the one that is to be."""
_LENGTH = 43
"""256 bits: no guess, however fast, finds such a password."""


@dataclass(frozen=True, slots=True)
class Login:
    """A role and its password; the password is in no representation of it."""

    username: str
    password: str = field(repr=False)


def new_login(username: str) -> Login:
    """A role with a new random password of letters and digits."""
    return Login(username, "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret."""

    id: str
    stages: frozenset[str]
    login: Login


class SecretStore:
    """The secrets that a job may read or write."""

    def __init__(self, cloud: Cloud) -> None:
        self._client: Any = cloud.client("secretsmanager")

    def read(self, arn: str) -> Login:
        """The login in a secret. Raises `JobError` where there is none that can be used."""
        login = self.find(arn)
        if login is None:
            raise JobError(
                "no-credentials",
                Text(
                    f"シークレット {_name(arn)} に使える資格情報がありません。",
                    f"the secret {_name(arn)} holds no credentials that can be used.",
                ),
                remedy=Text(
                    "データベースの作成（moyai deploy）を先に終えてください。",
                    "Let the creation of the database end first (moyai deploy).",
                ),
            )
        return login

    def find(self, arn: str) -> Login | None:
        """The login in a secret; None where it has no value yet or one of another form."""
        try:
            value = self._client.get_secret_value(SecretId=arn)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None  # no value yet, or no such secret, which a write will tell
        except (ClientError, BotoCoreError) as error:
            raise call_failed(error, _reading(arn)) from None
        except KeyError:
            return None  # a binary value
        return _login(value)

    def version(self, arn: str, **which: str) -> Version | None:
        """One version, by `VersionStage` or `VersionId`; None where there is none that can be used.

        Raises `JobError` where it cannot be asked for.
        """
        try:
            found = self._client.get_secret_value(SecretId=arn, **which)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (ClientError, BotoCoreError) as error:
            raise call_failed(error, _reading(arn)) from None
        login = _login(found.get("SecretString", ""))
        if login is None:
            return None
        return Version(found["VersionId"], frozenset(found["VersionStages"]), login)

    def put_pending(
        self, arn: str, login: Login, server: Server, database: str, version: str
    ) -> None:
        """Put a login beside the current one, as a version that nobody reads yet."""
        pending = {"VersionStages": [PENDING], "ClientRequestToken": version}
        self._put(arn, login, server, database, pending)

    def move(self, arn: str, stage: str, *, to: str | None, away_from: str | None) -> None:
        """Move a stage from one version to another; what was current becomes the previous one."""
        versions = {"MoveToVersionId": to, "RemoveFromVersionId": away_from}
        given = {name: one for name, one in versions.items() if one is not None}
        try:
            self._client.update_secret_version_stage(SecretId=arn, VersionStage=stage, **given)
        except (ClientError, BotoCoreError) as error:
            raise call_failed(error, _writing(arn)) from None

    def write(self, arn: str, login: Login, server: Server, database: str) -> None:
        """Put a login into a secret, as its newest version."""
        self._put(arn, login, server, database, {})

    def _put(
        self, arn: str, login: Login, server: Server, database: str, more: Mapping[str, Any]
    ) -> None:
        value = {
            "username": login.username,
            "password": login.password,
            "host": server.host,
            "port": server.port,
            "dbname": database,
        }
        try:
            self._client.put_secret_value(SecretId=arn, SecretString=json.dumps(value), **more)
        except (ClientError, BotoCoreError) as error:
            raise call_failed(error, _writing(arn)) from None


def _login(value: str) -> Login | None:
    try:
        document = json.loads(value)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    username, password = document.get("username"), document.get("password")
    if not (isinstance(username, str) and isinstance(password, str) and username and password):
        return None
    return Login(username, password)


def _writing(arn: str) -> Text:
    name = _name(arn)
    return Text(f"シークレット {name} に書き込むことが", f"write the secret {name}")


def _reading(arn: str) -> Text:
    return Text(f"シークレット {_name(arn)} を読むことが", f"read the secret {_name(arn)}")


def _name(arn: str) -> str:
    """A secret's name in its ARN, with the suffix that AWS adds."""
    return arn.rpartition(":secret:")[2]
