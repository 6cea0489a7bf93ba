"""Fingerprints: what decides a stack, part by part, so that a plan can say why it would run. Pure.

A fingerprint is a mapping from the name of a part (`subscription:eapp-a`, `components`,
`output:cell-a.vpc_id`) to a hash of it (SHA-256, hexadecimal). Two equal fingerprints mean the same stack: no
run. What is approved of an operation has them in it, so no two values may be found that have the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from enum import Enum
from ipaddress import IPv4Network
from pathlib import PurePath

from moyai.planning.budgets import aws_budgets
from moyai.planning.consumed import CONSUMED, SHARED_IN_BODIES, SHARED_IN_CELLS
from moyai.planning.names import certificate_domains
from moyai.planning.routes import Rule
from moyai.planning.topology import SHARED, cell_of_stack, cell_stack, enters_cell
from moyai.registry.models import Federation, Registry, Site, Subscription, Tenant
from moyai.texts import Text

Fingerprint = Mapping[str, str]

_SHORT = 16
"""Digits of the hashes in records of before: 64 bits, of the same SHA-256."""


def plain(value: object) -> object:
    """A value of the registry as JSON's own types, deterministic; TypeError for any other."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (IPv4Network, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"no plain form for {type(value).__name__}")


def digest(value: object) -> str:
    """The hash of a value's plain form."""
    words = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides stacks beside the file: code, versions, and outputs of other stacks."""

    code: Mapping[str, str]
    """Part name → hash: `program`, `components`."""
    versions: Mapping[str, str]
    """`engine`, `provider:aws`, `provider:moyai` → version."""
    outputs: Mapping[str, Mapping[str, object]]
    """Foundation stack → consumed output → value; a stack that is not there yet is left out."""


def foundation(
    registry: Registry, site: Site, stack: str, day: date, surroundings: Surroundings
) -> dict[str, str]:
    """The fingerprint of `shared` or `cell-<name>` on a day."""
    parts = _common(registry.federation, site, surroundings)
    if stack == SHARED:
        parts["domains"] = digest(certificate_domains(registry))
        parts |= _budgets(registry, day)
    else:
        cell = registry.cell(cell_of_stack(stack))
        parts["cell"] = digest(cell)
        parts |= _outputs(surroundings, SHARED, SHARED_IN_CELLS)
    return parts


def tenant(
    registry: Registry,
    site: Site,
    body: Tenant,
    day: date,
    releases: Mapping[str, str],
    rules: tuple[Rule, ...],
    surroundings: Surroundings,
) -> dict[str, str]:
    """The fingerprint of a body's stack on a day.

    `releases` are those on record, or to be put there by this run (service → release); `rules` its
    listener rules. What no program reads stays out: contacts, population, tier, windows, freezes,
    approvals.
    """
    parts = _common(registry.federation, site, surroundings)
    parts["identity"] = digest([body.code, body.slug, body.name, body.kind])
    parts["network"] = digest(
        [body.isolation, body.cell, body.cidr, body.lgwan, body.office, registry.cell(body.cell)]
    )
    parts["tags"] = digest(body.tags)
    parts["backup"] = digest(body.backup)
    parts["routes"] = digest(rules)
    parts |= _budgets(registry, day, body.code)
    for subscription in body.subscriptions:
        if subscription.has_begun(day):
            parts |= _subscription(registry, subscription, day, releases)
    if not enters_cell(body):
        return parts | _outputs(surroundings, SHARED, SHARED_IN_BODIES | SHARED_IN_CELLS)
    parts |= _outputs(surroundings, SHARED, SHARED_IN_BODIES)
    return parts | _outputs(surroundings, cell_stack(body.cell), frozenset(CONSUMED["cell"]))


def _subscription(
    registry: Registry, subscription: Subscription, day: date, releases: Mapping[str, str]
) -> dict[str, str]:
    manifest = registry.services[subscription.service].manifest
    name = subscription.service
    version = releases.get(name)
    return {
        f"subscription:{name}": digest(
            [subscription.edition, subscription.settings, subscription.is_active(day)]
        ),
        f"release:{name}": digest([version, manifest.releases.get(version or "")]),
        f"service:{name}": digest([manifest.routes, manifest.editions[subscription.edition]]),
    }


def _budgets(registry: Registry, day: date, body: str | None = None) -> dict[str, str]:
    """Of all cost sharing only what AWS watches is built into a stack."""
    found = aws_budgets(registry, day, body)
    return {"budgets": digest(found)} if found else {}


def _common(federation: Federation, site: Site, surroundings: Surroundings) -> dict[str, str]:
    return {
        "federation": digest(
            [federation.name, federation.slug, federation.domain, federation.cost_centre]
        ),
        "site": digest(
            [
                site.name,
                site.account_id,
                site.region,
                site.backup_region,
                site.database_sslmode,
                site.role_arn,
            ]
        ),
        **surroundings.code,
        **{name: digest(version) for name, version in surroundings.versions.items()},
    }


def _outputs(surroundings: Surroundings, stack: str, consumed: Set[str]) -> dict[str, str]:
    return {
        f"output:{stack}.{name}": digest(value)
        for name, value in surroundings.outputs.get(stack, {}).items()
        if name in consumed
    }


def changed(recorded: Fingerprint, wanted: Fingerprint) -> tuple[str, ...]:
    """The parts that differ, new and vanished ones included, in a stable order.

    A record of before is compared as far as it goes, until the stack's next run writes it anew.
    """
    return tuple(
        part
        for part in sorted(recorded.keys() | wanted.keys())
        if not _is_same(recorded.get(part), wanted.get(part))
    )


def _is_same(recorded: str | None, wanted: str | None) -> bool:
    if recorded is None or wanted is None:
        return recorded == wanted
    return recorded == (wanted[:_SHORT] if len(recorded) == _SHORT else wanted)


_REASONS: Mapping[str, Text] = {
    "federation": Text("共同体の設定が変わった", "the federation's settings changed"),
    "site": Text("拠点の設定が変わった", "the site's settings changed"),
    "program": Text("スタックのプログラムが変わった", "the stack's program changed"),
    "components": Text("構成部品のコードが変わった", "the components' code changed"),
    "engine": Text("Pulumi エンジンの版が変わった", "the Pulumi engine's version changed"),
    "identity": Text(
        "団体の slug・名称・種別のどれかが変わった", "the body's slug, name or kind changed"
    ),
    "network": Text("ネットワークの設定が変わった", "the network's settings changed"),
    "tags": Text("タグが変わった", "the tags changed"),
    "backup": Text("バックアップ方針が変わった", "the backup policy changed"),
    "routes": Text("振分規則が変わった", "the listener rules changed"),
    "budgets": Text("AWS が見張る予算が変わった", "the budgets that AWS watches changed"),
    "domains": Text("証明書の名前が変わった", "the certificate's names changed"),
    "cell": Text("セルの設定が変わった", "the cell's settings changed"),
}

_FAMILY_REASONS: Mapping[str, Text] = {
    "subscription": Text("{}: 利用の内容が変わった", "{}: the subscription changed"),
    "release": Text("{}: リリースが変わる", "{}: the release changes"),
    "service": Text("{}: サービスの定義が変わった", "{}: the service's definition changed"),
    "provider": Text("プロバイダー {} の版が変わった", "the provider {}'s version changed"),
    "output": Text("共通基盤の出力 {} が変わった", "the foundation's output {} changed"),
    "code": Text("{}: サービスの構成コードが変わった", "{}: the service's component code changed"),
}


_ENDED = Text(
    "{}: 利用期間が終わっている（サービスを止め、データは残す）",
    "{}: the subscription is over (the service stops, its data stay)",
)


def reason(part: str, ended: Set[str] = frozenset()) -> Text:
    """Why a stack runs, for one changed part, as a sentence; `ended` are the services whose
    subscription is over."""
    known = _REASONS.get(part)
    if known is not None:
        return known
    family, _, name = part.partition(":")
    pattern = _FAMILY_REASONS.get(family, Text("{} が変わった", "{} changed"))
    words = name or part
    if family == "subscription" and name in ended:
        pattern = _ENDED
    return Text(pattern.ja.format(words), pattern.en.format(words))
