"""Types of services of which one or two are used: certificates, firewall, secrets, parameters,
logs, alarms, trail, vault, topics, names."""

from __future__ import annotations

from typing import Any

from moyai.provider.properties import Properties
from moyai.provider.resources import Live
from moyai.sandbox.aws.base import (
    ACCOUNT,
    COMMON,
    TAGGED,
    AwsResource,
    pairs,
    pascal,
    tag_changes,
    take,
    unpaired,
)


class Certificate(AwsResource):
    """aws:acm/certificate:Certificate. Its id is its ARN."""

    service = "acm"
    inputs = TAGGED | {"domainName", "subjectAlternativeNames", "validationMethod"}
    required = frozenset({"domainName"})
    replace_on = frozenset({"domainName", "subjectAlternativeNames", "validationMethod", "region"})
    computed = frozenset({"arn", "status", "domainValidationOptions"})
    unordered = frozenset({"subjectAlternativeNames"})

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "request_certificate",
            **take(inputs, "domainName", "validationMethod"),
            SubjectAlternativeNames=inputs.get("subjectAlternativeNames") or [inputs["domainName"]],
            Tags=pairs(inputs.get("tags")),
        )
        return self._live(answer["CertificateArn"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its name and tags."""
        answer = self.call(
            inputs,
            "describe_certificate",
            CertificateArn=id_,
            gone=("ResourceNotFoundException",),
        )
        if answer is None:
            return None
        tags = self.call(inputs, "list_tags_for_certificate", CertificateArn=id_)
        read = {
            "domainName": answer["Certificate"]["DomainName"],
            "tags": unpaired(tags["Tags"]),
        }
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Only tags."""
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "add_tags_to_certificate", CertificateArn=id_, Tags=pairs(put))
        if off:
            tags = [{"Key": key} for key in off]
            self.call(new, "remove_tags_from_certificate", CertificateArn=id_, Tags=tags)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        gone = ("ResourceNotFoundException",)
        self.call(state, "delete_certificate", CertificateArn=id_, gone=gone)

    def find(self, inputs: Properties) -> str | None:
        """By its main name and tags."""
        pages = self.call(inputs, "list_certificates")["CertificateSummaryList"]
        for one in pages:
            if one["DomainName"] == inputs["domainName"]:
                arn = str(one["CertificateArn"])
                tags = self.call(inputs, "list_tags_for_certificate", CertificateArn=arn)
                if unpaired(tags["Tags"]) == (inputs.get("tags") or None):
                    return arn
        return None

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn, status="ISSUED", domainValidationOptions=[])


_STATEMENTS = {
    "managedRuleGroupStatement": "ManagedRuleGroupStatement",
    "rateBasedStatement": "RateBasedStatement",
}


def _wafv2_rule(rule: Properties) -> dict[str, Any]:
    found = take(rule, "name", "priority")
    for name, parameter in (("overrideAction", "OverrideAction"), ("action", "Action")):
        if rule.get(name):
            found[parameter] = pascal(rule[name])
    statement = {}
    for name, value in rule["statement"].items():
        statement[_STATEMENTS[name]] = pascal(value)
    visible = rule["visibilityConfig"]
    return {**found, "Statement": statement, "VisibilityConfig": _visible(visible)}


def _visible(visible: Properties) -> dict[str, Any]:
    return {
        "CloudWatchMetricsEnabled": bool(visible["cloudwatchMetricsEnabled"]),
        "MetricName": visible["metricName"],
        "SampledRequestsEnabled": bool(visible["sampledRequestsEnabled"]),
    }


class WebAcl(AwsResource):
    """aws:wafv2/webAcl:WebAcl. Its id is WAF's own."""

    service = "wafv2"
    inputs = TAGGED | {
        "name",
        "scope",
        "description",
        "defaultAction",
        "rules",
        "visibilityConfig",
    }
    required = frozenset({"name", "scope", "defaultAction", "visibilityConfig"})
    replace_on = frozenset({"name", "scope", "region"})
    computed = frozenset({"arn", "capacity", "lockToken"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        tagged: dict[str, Any] = {"Tags": pairs(inputs["tags"])} if inputs.get("tags") else {}
        answer = self.call(
            inputs,
            "create_web_acl",
            **take(inputs, "name", "scope", "description"),
            **self._settings(inputs),
            **tagged,
        )
        return self._live(answer["Summary"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its tags; rules are as the program set them while its lock token is the same."""
        found = self._get(id_, inputs)
        if found is None:
            return None
        acl = found["WebACL"]
        tags = self.call(inputs, "list_tags_for_resource", ResourceARN=acl["ARN"])
        read: Properties = {"tags": unpaired(tags["TagInfoForResource"]["TagList"])}
        if len(acl.get("Rules", ())) != len(inputs.get("rules", ())):
            kept = {rule["Name"] for rule in acl.get("Rules", ())}
            read["rules"] = [r for r in inputs.get("rules", ()) if r["name"] in kept]
        summary = {"Id": id_, "ARN": acl["ARN"], "LockToken": found["LockToken"]}
        return self._live(summary, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Rules and tags; WAF wants its newest lock token."""
        found = self._get(id_, new)
        answer = self.call(
            new,
            "update_web_acl",
            Id=id_,
            LockToken=found["LockToken"],
            **take(new, "name", "scope", "description"),
            **self._settings(new),
        )
        put, off = tag_changes(old, new)
        arn = found["WebACL"]["ARN"]
        if put:
            self.call(new, "tag_resource", ResourceARN=arn, Tags=pairs(put))
        if off:
            self.call(new, "untag_resource", ResourceARN=arn, TagKeys=off)
        summary = {"Id": id_, "ARN": arn, "LockToken": answer["NextLockToken"]}
        return self._live(summary, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """With its newest lock token."""
        found = self._get(id_, state)
        if found is not None:
            self.call(
                state,
                "delete_web_acl",
                Id=id_,
                LockToken=found["LockToken"],
                **take(state, "name", "scope"),
            )

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        acls = self.call(inputs, "list_web_acls", Scope=inputs["scope"])["WebACLs"]
        return next((str(one["Id"]) for one in acls if one["Name"] == inputs["name"]), None)

    def _get(self, id_: str, inputs: Properties) -> Any:
        gone = ("WAFNonexistentItemException",)
        return self.call(inputs, "get_web_acl", Id=id_, gone=gone, **take(inputs, "name", "scope"))

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        return {
            "DefaultAction": pascal(inputs["defaultAction"]),
            "Rules": [_wafv2_rule(rule) for rule in inputs.get("rules", ())],
            "VisibilityConfig": _visible(inputs["visibilityConfig"]),
        }

    def _live(self, summary: Any, inputs: Properties) -> Live:
        return self.live(
            summary["Id"],
            inputs,
            arn=summary["ARN"],
            lockToken=summary["LockToken"],
            capacity=0,
        )


class WebAclAssociation(AwsResource):
    """aws:wafv2/webAclAssociation. Its id names both ARNs."""

    service = "wafv2"
    inputs = COMMON | {"resourceArn", "webAclArn"}
    required = frozenset({"resourceArn", "webAclArn"})
    replace_on = inputs

    def create(self, inputs: Properties) -> Live:
        """One call."""
        self.call(
            inputs,
            "associate_web_acl",
            ResourceArn=inputs["resourceArn"],
            WebACLArn=inputs["webAclArn"],
        )
        return self.live(f"{inputs['webAclArn']},{inputs['resourceArn']}", inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Which list the resource has."""
        acl, _, resource = id_.partition(",")
        answer = self.call(
            inputs,
            "get_web_acl_for_resource",
            ResourceArn=resource,
            gone=("WAFNonexistentItemException",),
        )
        if not answer or answer.get("WebACL", {}).get("ARN") != acl:
            return None
        return self.live(id_, {**inputs, "webAclArn": acl, "resourceArn": resource})

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(
            state,
            "disassociate_web_acl",
            ResourceArn=id_.partition(",")[2],
            gone=("WAFNonexistentItemException",),
        )

    def find(self, inputs: Properties) -> str | None:
        """By both."""
        return f"{inputs['webAclArn']},{inputs['resourceArn']}"


class Secret(AwsResource):
    """aws:secretsmanager/secret:Secret. Its id is its ARN; its value is never Pulumi's."""

    service = "secretsmanager"
    inputs = TAGGED | {"name", "description", "kmsKeyId", "recoveryWindowInDays"}
    required = frozenset({"name"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn"})
    _GONE = ("ResourceNotFoundException",)

    def create(self, inputs: Properties) -> Live:
        """One call, without a value."""
        answer = self.call(
            inputs,
            "create_secret",
            Tags=pairs(inputs.get("tags")),
            **take(inputs, "name", "description", "kmsKeyId"),
        )
        return self._live(answer["ARN"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """One that waits for its deletion counts as gone."""
        answer = self.call(inputs, "describe_secret", SecretId=id_, gone=self._GONE)
        if answer is None or answer.get("DeletedDate"):
            return None
        read = {
            "name": answer["Name"],
            "description": answer.get("Description") or None,
            "kmsKeyId": answer.get("KmsKeyId") or None,
            "tags": unpaired(answer.get("Tags")),
        }
        return self._live(answer["ARN"], self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Description, key, tags."""
        if any(old.get(name) != new.get(name) for name in ("description", "kmsKeyId")):
            more = take(new, "description", "kmsKeyId")
            self.call(new, "update_secret", SecretId=id_, **more)
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_resource", SecretId=id_, Tags=pairs(put))
        if off:
            self.call(new, "untag_resource", SecretId=id_, TagKeys=off)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """It can be taken back within its window; none means at once."""
        days = int(state.get("recoveryWindowInDays", 30))
        how: dict[str, Any] = {"RecoveryWindowInDays": days}
        if days == 0:
            how = {"ForceDeleteWithoutRecovery": True}
        self.call(state, "delete_secret", SecretId=id_, gone=self._GONE, **how)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        answer = self.call(inputs, "describe_secret", SecretId=inputs["name"], gone=self._GONE)
        return None if answer is None or answer.get("DeletedDate") else str(answer["ARN"])

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn)


class Parameter(AwsResource):
    """aws:ssm/parameter:Parameter. Its id is its name."""

    service = "ssm"
    inputs = TAGGED | {"name", "type", "value", "description", "keyId", "tier"}
    required = frozenset({"name", "type", "value"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn", "version"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "put_parameter",
            Tags=pairs(inputs.get("tags")),
            **take(inputs, "name", "type", "value", "description", "keyId", "tier"),
        )
        return self._live(int(answer.get("Version", 1)), inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Value and tags."""
        answer = self.call(
            inputs, "get_parameter", Name=id_, WithDecryption=True, gone=("ParameterNotFound",)
        )
        if answer is None:
            return None
        tags = self.call(inputs, "list_tags_for_resource", ResourceType="Parameter", ResourceId=id_)
        found = answer["Parameter"]
        read = {
            "name": id_,
            "type": found["Type"],
            "value": found["Value"],
            "tags": unpaired(tags["TagList"]),
        }
        return self._live(int(found["Version"]), self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """A new version, where the value or its kind changed."""
        version = int(old.get("version", 1))
        names = ("name", "type", "value", "description", "keyId", "tier")
        if any(old.get(name) != new.get(name) for name in names):
            answer = self.call(new, "put_parameter", Overwrite=True, **take(new, *names))
            version = int(answer.get("Version", version + 1))
        put, off = tag_changes(old, new)
        which = {"ResourceType": "Parameter", "ResourceId": id_}
        if put:
            self.call(new, "add_tags_to_resource", Tags=pairs(put), **which)
        if off:
            self.call(new, "remove_tags_from_resource", TagKeys=off, **which)
        return self._live(version, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_parameter", Name=id_, gone=("ParameterNotFound",))

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _live(self, version: int, inputs: Properties) -> Live:
        name, region = str(inputs["name"]), self.outputs(inputs)["region"]
        arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name.lstrip('/')}"
        return self.live(name, inputs, arn=arn, version=version)


class LogGroup(AwsResource):
    """aws:cloudwatch/logGroup:LogGroup. Its id is its name."""

    service = "logs"
    inputs = TAGGED | {"name", "kmsKeyId", "retentionInDays", "skipDestroy"}
    required = frozenset({"name"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn"})
    delete_first = True
    _GONE = ("ResourceNotFoundException",)

    def create(self, inputs: Properties) -> Live:
        """The group, then its retention."""
        self.call(
            inputs,
            "create_log_group",
            logGroupName=inputs["name"],
            **({"kmsKeyId": inputs["kmsKeyId"]} if inputs.get("kmsKeyId") else {}),
            **({"tags": inputs["tags"]} if inputs.get("tags") else {}),
        )
        self._keep(inputs)
        return self._live(inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Key, retention, tags."""
        answer = self.call(inputs, "describe_log_groups", logGroupNamePrefix=id_)
        found = next((one for one in answer["logGroups"] if one["logGroupName"] == id_), None)
        if found is None:
            return None
        tags = self.call(inputs, "list_tags_log_group", logGroupName=id_)["tags"]
        read = {
            "name": id_,
            "kmsKeyId": found.get("kmsKeyId"),
            "retentionInDays": found.get("retentionInDays"),
            "tags": tags or None,
        }
        return self._live(self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Key, retention, tags."""
        if old.get("kmsKeyId") != new.get("kmsKeyId"):
            if new.get("kmsKeyId"):
                self.call(new, "associate_kms_key", logGroupName=id_, kmsKeyId=new["kmsKeyId"])
            else:
                self.call(new, "disassociate_kms_key", logGroupName=id_)
        if old.get("retentionInDays") != new.get("retentionInDays"):
            self._keep(new)
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_log_group", logGroupName=id_, tags=put)
        if off:
            self.call(new, "untag_log_group", logGroupName=id_, tags=off)
        return self._live(new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """With all its lines."""
        self.call(state, "delete_log_group", logGroupName=id_, gone=self._GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _keep(self, inputs: Properties) -> None:
        days, name = inputs.get("retentionInDays"), inputs["name"]
        if days:
            self.call(inputs, "put_retention_policy", logGroupName=name, retentionInDays=int(days))
        else:
            self.call(inputs, "delete_retention_policy", logGroupName=name, gone=self._GONE)

    def _live(self, inputs: Properties) -> Live:
        name, region = str(inputs["name"]), self.outputs(inputs)["region"]
        return self.live(name, inputs, arn=f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}")


_ALARM = (
    "alarmDescription",
    "namespace",
    "metricName",
    "statistic",
    "period",
    "evaluationPeriods",
    "threshold",
    "comparisonOperator",
    "alarmActions",
    "treatMissingData",
)


class MetricAlarm(AwsResource):
    """aws:cloudwatch/metricAlarm:MetricAlarm. Its id is its name."""

    service = "cloudwatch"
    inputs = TAGGED | {"name", "dimensions", *_ALARM}
    required = frozenset({"name", "comparisonOperator", "evaluationPeriods"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn"})
    delete_first = True

    def create(self, inputs: Properties) -> Live:
        """One call."""
        self._put(inputs, {"Tags": pairs(inputs["tags"])} if inputs.get("tags") else {})
        return self._live(inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """All of it."""
        alarms = self.call(inputs, "describe_alarms", AlarmNames=[id_])["MetricAlarms"]
        if not alarms:
            return None
        found = alarms[0]
        read: Properties = {"name": id_}
        for name in _ALARM:
            if name in inputs and name[0].upper() + name[1:] in found:
                value = found[name[0].upper() + name[1:]]
                whole = isinstance(value, float) and value.is_integer()
                read[name] = int(value) if whole else value
        if "dimensions" in inputs:
            read["dimensions"] = {one["Name"]: one["Value"] for one in found["Dimensions"]}
        tags = self.call(inputs, "list_tags_for_resource", ResourceARN=found["AlarmArn"])
        read["tags"] = unpaired(tags["Tags"])
        return self._live(self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Put anew; tags apart."""
        del id_
        self._put(new, {})
        live = self._live(new)
        put, off = tag_changes(old, new)
        arn = live.outputs["arn"]
        if put:
            self.call(new, "tag_resource", ResourceARN=arn, Tags=pairs(put))
        if off:
            self.call(new, "untag_resource", ResourceARN=arn, TagKeys=off)
        return live.outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_alarms", AlarmNames=[id_], gone=("ResourceNotFound",))

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _put(self, inputs: Properties, more: dict[str, Any]) -> None:
        dimensions = pairs(inputs.get("dimensions"), "Name", "Value")
        self.call(
            inputs,
            "put_metric_alarm",
            AlarmName=inputs["name"],
            Dimensions=dimensions,
            **take(inputs, *_ALARM),
            **more,
        )

    def _live(self, inputs: Properties) -> Live:
        name, region = inputs["name"], self.outputs(inputs)["region"]
        return self.live(
            str(name), inputs, arn=f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"
        )


_TRAIL = (
    "s3BucketName",
    "s3KeyPrefix",
    "includeGlobalServiceEvents",
    "isMultiRegionTrail",
    "kmsKeyId",
)


class Trail(AwsResource):
    """aws:cloudtrail/trail:Trail. Its id is its ARN."""

    service = "cloudtrail"
    inputs = TAGGED | {"name", "enableLogFileValidation", "enableLogging", *_TRAIL}
    required = frozenset({"name", "s3BucketName"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn", "homeRegion"})
    delete_first = True
    _GONE = ("TrailNotFoundException",)

    def create(self, inputs: Properties) -> Live:
        """Made, then started."""
        answer = self.call(
            inputs,
            "create_trail",
            Name=inputs["name"],
            TagsList=pairs(inputs.get("tags")),
            **self._settings(inputs),
        )
        if inputs.get("enableLogging", True):
            self.call(inputs, "start_logging", Name=inputs["name"])
        return self._live(answer["TrailARN"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Where it writes, and whether it does."""
        answer = self.call(inputs, "get_trail", Name=id_, gone=self._GONE)
        if answer is None:
            return None
        found = answer["Trail"]
        read = {
            "name": found["Name"],
            "s3BucketName": found["S3BucketName"],
            "isMultiRegionTrail": found["IsMultiRegionTrail"],
            "includeGlobalServiceEvents": found["IncludeGlobalServiceEvents"],
            "enableLogFileValidation": found["LogFileValidationEnabled"],
        }
        status = self.call(inputs, "get_trail_status", Name=id_)
        if not status["IsLogging"]:
            read["enableLogging"] = False
        tags = self.call(inputs, "list_tags", ResourceIdList=[id_])["ResourceTagList"]
        read["tags"] = unpaired(tags[0]["TagsList"]) if tags else None
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Settings, whether it runs, tags."""
        self.call(new, "update_trail", Name=id_, **self._settings(new))
        on = bool(new.get("enableLogging", True))
        self.call(new, "start_logging" if on else "stop_logging", Name=id_)
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "add_tags", ResourceId=id_, TagsList=pairs(put))
        if off:
            tags = [{"Key": key} for key in off]
            self.call(new, "remove_tags", ResourceId=id_, TagsList=tags)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Its files stay in the bucket."""
        self.call(state, "delete_trail", Name=id_, gone=self._GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        region = self.outputs(inputs)["region"]
        return f"arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{inputs['name']}"

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        validation = bool(inputs.get("enableLogFileValidation", False))
        return {**take(inputs, *_TRAIL), "EnableLogFileValidation": validation}

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn, homeRegion=self.outputs(inputs)["region"])


class Vault(AwsResource):
    """aws:backup/vault:Vault. Its id is its name."""

    service = "backup"
    inputs = TAGGED | {"name", "kmsKeyArn", "forceDestroy"}
    required = frozenset({"name"})
    replace_on = frozenset({"name", "kmsKeyArn", "region"})
    computed = frozenset({"arn", "recoveryPoints"})
    delete_first = True
    _GONE = ("ResourceNotFoundException",)

    def create(self, inputs: Properties) -> Live:
        """One call."""
        answer = self.call(
            inputs,
            "create_backup_vault",
            BackupVaultName=inputs["name"],
            BackupVaultTags=inputs.get("tags") or {},
            **({"EncryptionKeyArn": inputs["kmsKeyArn"]} if inputs.get("kmsKeyArn") else {}),
        )
        return self._live(answer["BackupVaultArn"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Its key and tags."""
        answer = self.call(inputs, "describe_backup_vault", BackupVaultName=id_, gone=self._GONE)
        if answer is None:
            return None
        arn = answer["BackupVaultArn"]
        tags = self.call(inputs, "list_tags", ResourceArn=arn)["Tags"]
        read = {
            "name": id_,
            "kmsKeyArn": answer.get("EncryptionKeyArn") or inputs.get("kmsKeyArn"),
            "tags": tags or None,
        }
        return self._live(arn, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Only tags."""
        del id_
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_resource", ResourceArn=old["arn"], Tags=put)
        if off:
            self.call(new, "untag_resource", ResourceArn=old["arn"], TagKeyList=off)
        return self._live(old["arn"], new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """Refused by AWS while it holds anything."""
        self.call(state, "delete_backup_vault", BackupVaultName=id_, gone=self._GONE)

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return str(inputs["name"])

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(str(inputs["name"]), inputs, arn=arn, recoveryPoints=0)


class Topic(AwsResource):
    """aws:sns/topic:Topic. Its id is its ARN."""

    service = "sns"
    inputs = TAGGED | {"name", "displayName", "kmsMasterKeyId", "policy"}
    required = frozenset({"name"})
    replace_on = frozenset({"name", "region"})
    computed = frozenset({"arn", "owner"})
    documents = frozenset({"policy"})
    _ATTRIBUTES = (
        ("displayName", "DisplayName"),
        ("kmsMasterKeyId", "KmsMasterKeyId"),
        ("policy", "Policy"),
    )

    def create(self, inputs: Properties) -> Live:
        """One call."""
        attributes = {
            key: inputs[name] for name, key in self._ATTRIBUTES if inputs.get(name) is not None
        }
        answer = self.call(
            inputs,
            "create_topic",
            Name=inputs["name"],
            Attributes=attributes,
            Tags=pairs(inputs.get("tags")),
        )
        return self._live(answer["TopicArn"], inputs)

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """Attributes and tags."""
        gone = ("NotFound", "NotFoundException", "ResourceNotFound")
        answer = self.call(inputs, "get_topic_attributes", TopicArn=id_, gone=gone)
        if answer is None:
            return None
        attributes = answer["Attributes"]
        tags = self.call(inputs, "list_tags_for_resource", ResourceArn=id_)["Tags"]
        read: Properties = {"name": id_.rsplit(":", 1)[-1], "tags": unpaired(tags)}
        for name, key in self._ATTRIBUTES:
            if name in inputs:
                read[name] = attributes.get(key) or None
        return self._live(id_, self.same_inputs(inputs, **read))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Attributes and tags."""
        for name, key in self._ATTRIBUTES:
            if old.get(name) != new.get(name):
                self.call(
                    new,
                    "set_topic_attributes",
                    TopicArn=id_,
                    AttributeName=key,
                    AttributeValue=new.get(name, ""),
                )
        put, off = tag_changes(old, new)
        if put:
            self.call(new, "tag_resource", ResourceArn=id_, Tags=pairs(put))
        if off:
            self.call(new, "untag_resource", ResourceArn=id_, TagKeys=off)
        return self._live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        """One call."""
        self.call(state, "delete_topic", TopicArn=id_, gone=("NotFound", "NotFoundException"))

    def find(self, inputs: Properties) -> str | None:
        """By its name."""
        return f"arn:aws:sns:{self.outputs(inputs)['region']}:{ACCOUNT}:{inputs['name']}"

    def _live(self, arn: str, inputs: Properties) -> Live:
        return self.live(arn, inputs, arn=arn, owner=ACCOUNT)
