"""Passwords of roles: made here, kept in Secrets Manager, nowhere else.

A secret's value is JSON: `{"username", "password", "host", "port", "dbname"}`; the one that RDS
manages for a cluster's master role has the first two only.
"""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.results import JobError
from moyai.jobs.settings import Server
from moyai.texts import Text

_LETTERS = string.ascii_letters + string.digits
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

    def write(self, arn: str, login: Login, server: Server, database: str) -> None:
        """Put a login into a secret, as its newest version."""
        value = {
            "username": login.username,
            "password": login.password,
            "host": server.host,
            "port": server.port,
            "dbname": database,
        }
        try:
            self._client.put_secret_value(SecretId=arn, SecretString=json.dumps(value))
        except (ClientError, BotoCoreError) as error:
            doing = Text(
                f"シークレット {_name(arn)} に書き込むことが", f"write the secret {_name(arn)}"
            )
            raise call_failed(error, doing) from None


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


def _reading(arn: str) -> Text:
    return Text(f"シークレット {_name(arn)} を読むことが", f"read the secret {_name(arn)}")


def _name(arn: str) -> str:
    """A secret's name in its ARN, with the suffix that AWS adds."""
    return arn.rpartition(":secret:")[2]
