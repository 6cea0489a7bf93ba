"""Vaults with their locks, plans, and what they select."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.properties import Properties
from moyai.sandbox.aws.fields import Shape, flag, many, mapping, one, shape, text, texts, whole
from moyai.sandbox.aws.handler import AwsResource, Seen
from moyai.sandbox.aws.tagging import ServiceTags

_GONE = ("ResourceNotFoundException",)


def _tags(on_create: str) -> ServiceTags:
    return ServiceTags(
        "tag_resource",
        "untag_resource",
        "list_tags",
        keys="TagKeyList",
        signs=None,
        on_create=on_create,
    )


class Vault(AwsResource):
    """aws:backup/vault:Vault. Its id is its name."""

    service = "backup"
    tagging = _tags("BackupVaultTags")
    tag_by = "arn"
    autoname = AutoName(prefix=None, limit=50)
    properties = shape(
        forceDestroy=flag("", kept=False),
        kmsKeyArn=text("EncryptionKeyArn", replaces=True, chosen=True),
        name=text("BackupVaultName", replaces=True),
    )
    computed = frozenset({"arn", "recoveryPoints"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs, "create_backup_vault", **self.parameters(inputs), **self.created_tags(inputs)
        )
        computed = {"arn": answer["BackupVaultArn"], "recoveryPoints": 0}
        return Seen(answer["BackupVaultName"], computed)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The vault, its tags."""
        answer = self.call(inputs, "describe_backup_vault", BackupVaultName=id_, gone=_GONE)
        if answer is None:
            return None
        arn = answer["BackupVaultArn"]
        values = {
            **self.told(answer),
            "tags": self.read_tags(arn, inputs),
            "arn": arn,
            "recoveryPoints": int(answer.get("NumberOfRecoveryPoints", 0)),
        }
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """`forceDestroy` is only a word for the delete to come."""
        del id_, old, new, changed
        return {}

    def remove(self, id_: str, state: Properties) -> None:
        """AWS refuses while it holds anything; the local one holds nothing."""
        self.call(state, "delete_backup_vault", BackupVaultName=id_, gone=_GONE)


class VaultLockConfiguration(AwsResource):
    """aws:backup/vaultLockConfiguration. Its id is the vault's name."""

    service = "backup"
    properties = shape(
        backupVaultName=text(required=True, replaces=True),
        changeableForDays=whole(replaces=True, kept=False),
        maxRetentionDays=whole(replaces=True),
        minRetentionDays=whole(replaces=True),
    )
    computed = frozenset({"backupVaultArn"})
    delete_first = True  # a vault has one lock

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        self.call(inputs, "put_backup_vault_lock_configuration", **self.parameters(inputs))
        name = inputs["backupVaultName"]
        return Seen(name, {"backupVaultArn": self.arn(inputs, f"backup-vault:{name}")})

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """The vault tells of its lock."""
        answer = self.call(inputs, "describe_backup_vault", BackupVaultName=id_, gone=_GONE)
        if answer is None or not answer.get("Locked"):
            return None
        return Seen(id_, {**self.told(answer), "backupVaultArn": answer["BackupVaultArn"]})

    def remove(self, id_: str, state: Properties) -> None:
        """AWS refuses once the time to change it is over."""
        name = "delete_backup_vault_lock_configuration"
        self.call(state, name, BackupVaultName=id_, gone=_GONE)


_LIFE = shape(
    coldStorageAfter=whole("MoveToColdStorageAfterDays"),
    deleteAfter=whole("DeleteAfterDays"),
    optInToArchiveForSupportedResources=flag(default=None),
)
_RULE: Shape = shape(
    completionWindow=whole("CompletionWindowMinutes", default=180),
    copyActions=many(
        shape(
            destinationVaultArn=text("DestinationBackupVaultArn", required=True),
            lifecycle=one(_LIFE),
        ),
        is_set=True,
    ),
    enableContinuousBackup=flag(),
    lifecycle=one(_LIFE),
    recoveryPointTags=mapping(),
    ruleName=text(required=True),
    schedule=text("ScheduleExpression"),
    scheduleExpressionTimezone=text(default="Etc/UTC"),
    startWindow=whole("StartWindowMinutes", default=60),
    targetVaultName=text("TargetBackupVaultName", required=True),
)


_WINDOWS = {"completionWindow": 180, "startWindow": 60}
"""Minutes, which the real provider always says."""


class Plan(AwsResource):
    """aws:backup/plan:Plan. Its id is AWS's own. Each change is another version of it."""

    service = "backup"
    tagging = _tags("BackupPlanTags")
    tag_by = "arn"
    autoname = AutoName(prefix=None, limit=50)
    properties = shape(
        advancedBackupSettings=many(
            shape(backupOptions=mapping(required=True), resourceType=text(required=True)),
            is_set=True,
        ),
        name=text("BackupPlanName", replaces=True),
        rules=many(_RULE, required=True, is_set=True),
    )
    computed = frozenset({"arn", "version"})
    volatile = frozenset({"version"})

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        answer = self.call(
            inputs,
            "create_backup_plan",
            BackupPlan=self._whole(inputs),
            **self.created_tags(inputs),
        )
        return Seen(answer["BackupPlanId"], _versioned(answer))

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """A deleted plan stays to be read."""
        answer = self.call(inputs, "get_backup_plan", BackupPlanId=id_, gone=_GONE)
        if answer is None or answer.get("DeletionDate"):
            return None
        tags = self.read_tags(answer["BackupPlanArn"], inputs)
        values = {**self.told(answer["BackupPlan"]), **_versioned(answer), "tags": tags}
        return Seen(id_, values)

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Everything is said anew."""
        del old, changed
        plan = self._whole(new)
        answer = self.call(new, "update_backup_plan", BackupPlanId=id_, BackupPlan=plan)
        return _versioned(answer)

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_backup_plan", BackupPlanId=id_, gone=_GONE)

    def _whole(self, inputs: Properties) -> dict[str, Any]:
        rules = [{**_WINDOWS, **rule} for rule in inputs["rules"]]
        return self.parameters({**inputs, "rules": rules})


def _versioned(answer: Any) -> Properties:
    return {"arn": answer["BackupPlanArn"], "version": answer["VersionId"]}


_PAIRS = many(
    shape(key=text("ConditionKey", required=True), value=text("ConditionValue", required=True)),
    is_set=True,
)
_KEPT_AS = "aws:moyai:selection:"


class Selection(AwsResource):
    """aws:backup/selection:Selection. Imported by `plan|selection`.

    moto has no selections. Each is kept as a tag of its plan, which goes with it, so that it is
    found again, read and deleted like others; no backup runs in the local AWS anyway.
    """

    service = "backup"
    autoname = AutoName(prefix=None, limit=50)
    properties = shape(
        conditions=many(
            shape(
                stringEquals=_PAIRS,
                stringLikes=_PAIRS,
                stringNotEquals=_PAIRS,
                stringNotLikes=_PAIRS,
            ),
            replaces=True,
        ),
        iamRoleArn=text(required=True, replaces=True),
        name=text("SelectionName", replaces=True),
        notResources=texts(is_set=True, replaces=True),
        planId=text("", required=True, replaces=True),
        resources=texts(is_set=True, replaces=True),
        selectionTags=many(
            shape(
                key=text("ConditionKey", required=True),
                type=text("ConditionType", required=True),
                value=text("ConditionValue", required=True),
            ),
            "ListOfTags",
            is_set=True,
            replaces=True,
        ),
    )

    def make(self, inputs: Properties) -> Seen:
        """One call."""
        id_, plan = str(uuid.uuid4()), inputs["planId"]
        kept = json.dumps(self.parameters(inputs), sort_keys=True)
        arn = self._plan(plan, inputs)
        self.call(inputs, "tag_resource", ResourceArn=arn, Tags={f"{_KEPT_AS}{id_}": kept})
        return Seen(id_)

    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Among its plan's."""
        first, _, rest = id_.partition("|")
        plan, number = (first, rest) if rest else (str(inputs["planId"]), first)
        answer = self.call(inputs, "get_backup_plan", BackupPlanId=plan, gone=_GONE)
        if answer is None or answer.get("DeletionDate"):
            return None
        arn = answer["BackupPlanArn"]
        kept = self.call(inputs, "list_tags", ResourceArn=arn)["Tags"].get(f"{_KEPT_AS}{number}")
        if kept is None:
            return None
        return Seen(number, {**self.told(json.loads(kept)), "planId": plan})

    def remove(self, id_: str, state: Properties) -> None:
        """One call."""
        answer = self.call(state, "get_backup_plan", BackupPlanId=state["planId"], gone=_GONE)
        if answer is not None:
            arn, keys = answer["BackupPlanArn"], [f"{_KEPT_AS}{id_}"]
            self.call(state, "untag_resource", ResourceArn=arn, TagKeyList=keys, gone=_GONE)

    def _plan(self, id_: str, inputs: Properties) -> str:
        answer = self.call(inputs, "get_backup_plan", BackupPlanId=id_)
        return str(answer["BackupPlanArn"])
