"""The plugin `moyai`: resources that live inside what AWS provides. So far the database in a cluster.

It reaches no database itself: every operation is a job in the environment (`moyai.jobs`), asked for
with the operator's AWS credentials. It keeps no state, so that any number of engines share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, ClassVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from moyai.allowance import limit
from moyai.infra.database import DATABASE_TYPE, PACKAGE, PLUGIN_VERSION
from moyai.job_target import from_wire
from moyai.jobs.submit import NO_PLACE, JobFailed, JobResult, run
from moyai.provider.properties import Properties
from moyai.provider.resources import Live, Resource, ResourceFailed
from moyai.provider.serving import Plugin
from moyai.texts import Text

_REQUIRED = frozenset(
    {
        "appRole",
        "appSecretArn",
        "connectionLimit",
        "host",
        "job",
        "masterSecretArn",
        "name",
        "ownerRole",
        "ownerSecretArn",
        "port",
        "region",
    }
)
_LIVE = ("encoding", "closed", "guarded")
PRIVATE = "private"
"""`access`: only the two roles may connect, with what their secrets hold and the attributes and
limits they were given."""
OPEN = "changed"
_NOBODY_THERE = ("refused", "timeout", "no-host")
"""Codes of a job's failure to reach a cluster at all."""
_ASK_FOR_CLUSTER = (*_NOBODY_THERE, NO_PLACE, "no-credentials")
"""Codes of failures that a cluster which is gone has, too."""


class _ClusterGone(Exception):
    """AWS has no cluster with this master secret any more."""


class Database(Resource):
    """`moyai:index:Database` (`moyai.infra.database` says what its properties are)."""

    inputs: ClassVar[frozenset[str]] = _REQUIRED | {"access", "sslMode"}
    required: ClassVar[frozenset[str]] = _REQUIRED
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {"appRole", "masterSecretArn", "name", "ownerRole"}
    )
    computed: ClassVar[frozenset[str]] = frozenset(_LIVE)
    defaults: ClassVar[Mapping[str, Any]] = {"access": PRIVATE, "sslMode": "verify-full"}

    def __init__(self, session: boto3.Session) -> None:
        limit(session.events)
        self._session = session
        self._making = Lock()

    def create(self, inputs: Properties) -> Live:
        """Make it, or take over what an earlier run made under these names."""
        outputs = self._bring_about(inputs)
        return Live(inputs["name"], inputs, outputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """What the job finds. Where others may get in, or its own roles cannot with what their
        secrets hold, `access` is not what programs ask for, so that the next update mends it."""
        if not inputs:
            raise ResourceFailed(
                Text(
                    f"データベース {id_} は、接続先が分からないため取り込めません。",
                    f"the database {id_} cannot be imported: an id does not say where it is.",
                ),
                remedy=Text(
                    "プログラムに書いて適用してください。既存のデータベースを引き継ぎます。",
                    "Write it into the program and apply: one that is there is taken over.",
                ),
            )
        try:
            result, address = self._run_where_it_is("database-inspect", inputs, _secrets(inputs))
        except _ClusterGone:
            return None
        except JobFailed as error:
            if error.code != NO_PLACE:
                raise
            # The update that follows has the new place from its program, and looks at everything.
            unseen = {**inputs, "access": OPEN}
            return Live(id_, unseen, unseen)
        found = result.fields
        if not found["exists"]:
            return None
        live = {
            **inputs,
            **address,
            "ownerRole": found["owner"],
            "connectionLimit": found["connection_limit"],
        }
        # A task definition of an earlier version tells nothing of the secrets.
        usable = not found.get("unusable")
        if not (found["closed"] and found["guarded"] and found["ready"] and usable):
            live["access"] = OPEN
        outputs = {**live, **{name: found[name] for name in _LIVE}}
        return Live(id_, live, outputs)

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Bring it to what is wanted; the same job as a create, which takes nothing back."""
        del id_, old
        return self._bring_about(new)

    def delete(self, id_: str, state: Properties) -> None:
        """Drop it with its roles. Refused while a service is connected."""
        del id_
        # With its cluster it is gone already.
        with suppress(_ClusterGone):
            self._run_where_it_is("database-delete", state)

    def _bring_about(self, inputs: Properties) -> Properties:
        more = {
            **_secrets(inputs),
            "DATABASE_CONNECTION_LIMIT": str(inputs["connectionLimit"]),
        }
        found = self._run("database-create", inputs, more).fields
        return {**inputs, **{name: found[name] for name in _LIVE}}

    def _run_where_it_is(
        self, verb: str, known: Properties, more: Mapping[str, str] | None = None
    ) -> tuple[JobResult, Properties]:
        """Run a job on what state knows, and where nobody answers there, at the cluster's address
        of now: the program that could tell it has not run yet. The result, and a changed address.

        Raises `_ClusterGone` where it fails and there is no such cluster.
        """
        try:
            return self._run(verb, known, more), {}
        except JobFailed as error:
            if error.code not in _ASK_FOR_CLUSTER:
                raise
            address = self._address(known)
            if address is None:
                raise _ClusterGone from error
            is_known = all(known[name] == value for name, value in address.items())
            if is_known or error.code not in _NOBODY_THERE:
                raise
        return self._run(verb, {**known, **address}, more), address

    def _address(self, known: Properties) -> Properties | None:
        """Host and port that AWS tells now of the cluster with this master secret; None: none."""
        try:
            pages = self._rds(known["region"]).get_paginator("describe_db_clusters").paginate()
            for cluster in (cluster for page in pages for cluster in page["DBClusters"]):
                secret = cluster.get("MasterUserSecret") or {}
                if secret.get("SecretArn") == known["masterSecretArn"]:
                    return {"host": cluster["Endpoint"], "port": cluster["Port"]}
        except (ClientError, BotoCoreError) as error:
            raise ResourceFailed(
                Text(
                    f"クラスターの接続先を調べられません（{type(error).__name__}）。",
                    f"cannot look up the cluster's address ({type(error).__name__}).",
                ),
            ) from error
        return None

    def _rds(self, region: str) -> Any:
        with self._making:
            return self._session.client("rds", region_name=region)

    def _run(
        self, verb: str, inputs: Properties, more: Mapping[str, str] | None = None
    ) -> JobResult:
        environment = {
            "DATABASE_HOST": inputs["host"],
            "DATABASE_PORT": str(inputs["port"]),
            "DATABASE_NAME": inputs["name"],
            "DATABASE_SSLMODE": inputs.get("sslMode", "verify-full"),
            "OWNER_ROLE": inputs["ownerRole"],
            "APP_ROLE": inputs["appRole"],
            "MASTER_SECRET": inputs["masterSecretArn"],
            **(more or {}),
        }
        target = from_wire(inputs["job"])
        return run(self._session, target, verb, environment, region=inputs["region"])


def _secrets(inputs: Properties) -> Mapping[str, str]:
    return {"OWNER_SECRET": inputs["ownerSecretArn"], "APP_SECRET": inputs["appSecretArn"]}


def plugin() -> Plugin:
    """The plugin, calling AWS with what this process's environment says."""
    database = Database(boto3.Session())
    return Plugin(PACKAGE, PLUGIN_VERSION, {DATABASE_TYPE: database}, {})
