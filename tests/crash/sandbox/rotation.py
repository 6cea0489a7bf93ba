"""What came of a rotation, from outside: which passwords open what, and what AWS was asked for each secret."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import psycopg
from tests.crash.operations.check import Findings
from tests.crash.sandbox.check import Case
from tests.crash.sandbox.counting import MAKES
from tests.crash.sandbox.place import SERVICE, Place
from tests.crash.sandbox.recorder import Request

from moyai.planning.names import secrets

Login = Mapping[str, str]
_WRONG = "password authentication failed"


def logins(place: Place, code: str) -> dict[str, Login]:
    """What the secrets of a body's service say now, by the role's use."""
    store = place.client("secretsmanager")
    return {
        use: json.loads(store.get_secret_value(SecretId=name)["SecretString"])
        for use, name in secrets(code, SERVICE).items()
    }


def opens(login: Login, statement: str = "SELECT 1") -> bool:
    """Whether a login opens its database; a statement is carried out then."""
    given = {name: login[name] for name in ("host", "port", "dbname", "password")}
    try:
        with psycopg.connect(user=login["username"], connect_timeout=10, **given) as connection:
            connection.execute(statement)
    except psycopg.OperationalError as error:
        if _WRONG not in str(error):
            raise
        return False
    return True


def check_rotation(case: Case, found: Findings) -> None:
    """All bodies of a rotation that has ended: the passwords of before open nothing, those that the secrets
    have do, the application reads its tables, and no secret was given a password twice in one attempt."""
    place = case.place
    for body in case.view.bodies:
        code, own = body.code, [one for one in case.asked if one.is_about(body.code)]
        if body.status != "done":
            found.untrue.append(f"{code} is {body.status}")
        now = logins(place, code)
        for use, before in case.known[code].items():
            if opens(before):
                found.lost.append(f"{code}: the old password of {use} opens the database")
            reads = "SELECT count(*) FROM procedure" if use == "app" else "SELECT 1"
            if not opens(now[use], reads):
                found.lost.append(f"{code}: the new password of {use} does not open the database")
        check_asked(code, body.attempts, own, found)


def check_asked(code: str, attempts: int, asked: Sequence[Request], found: Findings) -> None:
    """A version of a secret is put once and made the current one once each way; each attempt has one. Tasks are
    begun anew once an attempt, and once more where it was taken back. Nothing is made."""
    done = [one for one in asked if one.done]
    for use, name in secrets(code, SERVICE).items():
        own = [one for one in done if f"{name}" in one.given.get("SecretId", "")]
        put = Counter(
            one.given.get("ClientRequestToken", "") for one in own if one.action == "PutSecretValue"
        )
        found.duplicates.extend(
            f"{code}: version {version} of {use} put {many} times"
            for version, many in put.items()
            if many > 1
        )
        if not 1 <= len(put) <= attempts:
            found.duplicates.append(f"{code}: {len(put)} passwords of {use} in {attempts} attempts")
        became = [
            one.given.get("MoveToVersionId", "")
            for one in own
            if one.action == "UpdateSecretVersionStage"
            and one.given.get("VersionStage") == "AWSCURRENT"
        ]
        found.duplicates.extend(
            f"{code}: {use} was given {after} twice"
            for before, after in pairwise(became)
            if before == after
        )
        if not became or became[-1] not in put:
            found.lost.append(f"{code}: {use} was given {became}, put were {[*put]}")
    begun = sum(one.action == "UpdateService" for one in done)
    if not 1 <= begun <= 2 * attempts - 1:
        found.duplicates.append(f"{code}: tasks begun anew {begun} times in {attempts} attempts")
    found.duplicates.extend(f"{code}: {one.action}" for one in done if MAKES.match(one.action))
