"""Who may do what with the keys. A key's policy stands above all identity policies of the account."""

from __future__ import annotations

from collections.abc import Sequence

from moyai.infra.policies import Statement, arn, document, grant, role_arn, root_arn
from moyai.planning import names
from moyai.registry.models import Federation, Site

_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
)
"""Everything that manages a key, nothing that reads or writes under it, and no free grants: whoever
makes a grant can give itself what the policy keeps from it."""
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")


def body_key(
    federation: Federation,
    site: Site,
    code: str,
    services: Sequence[str],
    admin_role: str,
    *,
    own_cell: bool,
) -> str:
    """A body's key: its roles use it, the platform administers it without decrypting.

    `services` are the subscriptions that may use it, `admin_role` the role of its cell's
    database-admin job, which writes the body's secrets and opens nothing else. With `own_cell`
    RDS encrypts the body's own cluster under it.
    """
    roles = [names.subscription_roles(federation, code, service) for service in services]
    secrets = _via(site, "secretsmanager")
    statements = [
        _administered(site),
        *_used(site, "BodyUses", [one[use] for one in roles for use in ("task", "job")], _USE),
        *_used(site, "BodyStarts", [one["exec"] for one in roles], ("kms:Decrypt",), secrets),
        *_used(
            site,
            "AuditorReads",
            [names.body_roles(federation, code)["auditor"]],
            ("kms:Decrypt",),
            _via(site, "s3"),
        ),
        *_used(
            site, "JobWritesSecrets", [admin_role], ("kms:Decrypt", "kms:GenerateDataKey"), secrets
        ),
        _logs(site, [names.log_group(federation, code), names.log_group(federation, code, "*")]),
    ]
    if own_cell:
        cluster = names.tenant_prefix(federation, code)
        statements += [
            _granted_to_service(site, _via(site, "rds")),
            _logs(site, [names.database_log_group(cluster)], "DatabaseLog"),
        ]
    return document(*statements)


def platform_key(federation: Federation, site: Site) -> str:
    """The platform's own key: the account's policies decide, named AWS services may use it."""
    trail = arn(site, "cloudtrail", f"trail/{names.shared_name(federation, 'trail')}")
    groups = [
        names.log_group(federation, "*"),
        names.database_log_group(f"{federation.slug}-cell-*"),
    ]
    return document(
        grant("Account", {"AWS": root_arn(site)}, ["kms:*"]),
        _logs(site, groups),
        grant(
            "Trail",
            {"Service": "cloudtrail.amazonaws.com"},
            ["kms:DescribeKey", "kms:GenerateDataKey*"],
            condition={"StringEquals": {"aws:SourceArn": trail}},
        ),
        grant(
            "Alarms",
            {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            condition={"StringEquals": {"aws:SourceAccount": site.account_id}},
        ),
    )


def _administered(site: Site) -> Statement:
    """By the platform's role where the site names one; the account's root user can always, so that
    a lost role does not make the key unmanageable."""
    condition: dict[str, object] | None = None
    if site.role_arn is not None:
        condition = {"ArnEquals": {"aws:PrincipalArn": [site.role_arn, root_arn(site)]}}
    return grant("PlatformAdministers", {"AWS": root_arn(site)}, _ADMINISTRATION, "*", condition)


def _used(
    site: Site,
    sid: str,
    roles: Sequence[str],
    actions: Sequence[str],
    via: Sequence[str] | None = None,
) -> tuple[Statement, ...]:
    """Roles by name, because a policy that names a role which is not there yet is refused."""
    if not roles:
        return ()
    condition: dict[str, object] = {
        "ArnEquals": {"aws:PrincipalArn": [role_arn(site, role) for role in roles]}
    }
    if via is not None:
        condition["StringEquals"] = {"kms:ViaService": list(via)}
    return (grant(sid, {"AWS": root_arn(site)}, actions, "*", condition),)


def _via(site: Site, service: str) -> list[str]:
    """A service in both regions: the replica has the same policy as the key."""
    return [f"{service}.{region}.amazonaws.com" for region in (site.region, site.backup_region)]


def _granted_to_service(site: Site, via: Sequence[str]) -> Statement:
    condition = {
        "Bool": {"kms:GrantIsForAWSResource": "true"},
        "StringEquals": {"kms:ViaService": list(via)},
    }
    return grant("ServiceGrants", {"AWS": root_arn(site)}, ["kms:CreateGrant"], "*", condition)


def _logs(site: Site, groups: Sequence[str], sid: str = "Logs") -> Statement:
    """CloudWatch Logs, for some groups only (CloudWatch Logs User Guide, encrypt log data)."""
    arns = [arn(site, "logs", f"log-group:{group}") for group in groups]
    return grant(
        sid,
        {"Service": f"logs.{site.region}.amazonaws.com"},
        ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
    )
