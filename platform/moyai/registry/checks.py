"""What relates several values of a file: doubled keys, overlaps, codes that do not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from itertools import pairwise

from moyai.registry.codes import check_digit, is_well_formed, national_list
from moyai.registry.file_model import FreezeFile, TenantFile
from moyai.registry.models import Isolation, Manifest
from moyai.registry.overlaps import Claim, overlapping
from moyai.registry.parts import Parts
from moyai.registry.problems import Reporter
from moyai.registry.settings import SettingsChecker
from moyai.registry.ssh_keys import why_unfit
from moyai.registry.yaml_tree import Path
from moyai.texts import Text

CELL_PREFIX = 16
TENANT_PREFIX = 20


def check(parts: Parts, manifests: Mapping[str, Manifest], reporter: Reporter) -> None:
    """Report everything that is wrong between the parts of a file."""
    _federation(parts, reporter)
    _sites(parts, reporter)
    _operators(parts, reporter)
    _services(parts, manifests, reporter)
    _identities(parts, reporter)
    for index, body in parts.tenants.items():
        _body(("tenants", index), body, parts, reporter)
    _networks(parts, reporter)
    _subscriptions(parts, manifests, reporter)


def _federation(parts: Parts, reporter: Reporter) -> None:
    federation = parts.federation
    if federation is None:
        return
    prefectures = {one.name for one in national_list().values() if one.kind == "都道府県"}
    if federation.prefecture not in prefectures:
        reporter.error(
            ("federation", "prefecture"),
            _not_known(federation.prefecture, prefectures, "都道府県", "prefecture"),
        )
    _doubled(
        (
            (cell.name, ("federation", "cells", i, "name"))
            for i, cell in enumerate(federation.cells)
        ),
        reporter,
    )
    pools = [
        Claim(pool, f"network.{kind}[{i}]", ("federation", "network", kind, i))
        for kind, networks in (
            ("cells", federation.network.cells),
            ("tenants", federation.network.tenants),
        )
        for i, pool in enumerate(networks)
    ]
    _apart(pools, reporter)
    for i, cell in enumerate(federation.cells):
        path: Path = ("federation", "cells", i, "cidr")
        _inside(cell.cidr, federation.network.cells, "network.cells", path, reporter)
        _sized(cell.cidr, CELL_PREFIX, path, reporter)
    _apart(
        [
            Claim(cell.cidr, f"cells[{i}]", ("federation", "cells", i, "cidr"))
            for i, cell in enumerate(federation.cells)
        ],
        reporter,
    )


def _sites(parts: Parts, reporter: Reporter) -> None:
    for name, site in parts.sites.items():
        if name == "sandbox":
            reporter.error(
                ("sites", name),
                Text(
                    "sandbox は書かなくても使えます。この名前は使えません",
                    "the sandbox needs no entry; its name is taken",
                ),
                at_key=True,
            )
        if site.region == site.backup_region:
            reporter.error(
                ("sites", name, "backup_region"),
                Text("控えのリージョンが本体と同じです", "the backup region is the region itself"),
            )
        _urls(name, site.state_backend, site.secrets_provider, site.operations_database, reporter)


def _urls(name: str, state: str, secrets: str, database: str | None, reporter: Reporter) -> None:
    if not state.startswith(("s3://", "file://")):
        reporter.error(
            ("sites", name, "state_backend"),
            Text("s3:// か file:// で始めてください", "it has to begin with s3:// or file://"),
        )
    if not secrets.startswith("awskms://"):
        reporter.error(
            ("sites", name, "secrets_provider"),
            Text("awskms:// で始めてください", "it has to begin with awskms://"),
        )
    if database is None:
        return
    path: Path = ("sites", name, "operations_database")
    if not database.startswith("postgresql://"):
        reporter.error(
            path, Text("postgresql:// で始めてください", "it has to begin with postgresql://")
        )
    elif ":" in database.removeprefix("postgresql://").partition("@")[0] and "@" in database:
        reporter.error(
            path,
            Text(
                "パスワードは書けません（Secrets Manager などに置いてください）",
                "no password here: keep it in Secrets Manager or the like",
            ),
        )


def _operators(parts: Parts, reporter: Reporter) -> None:
    _doubled(
        ((one.email, ("operators", i, "email")) for i, one in parts.operators.items()), reporter
    )
    for i, operator in parts.operators.items():
        unfit = why_unfit(operator.ssh_key)
        if unfit is not None:
            reporter.error(("operators", i, "ssh_key"), unfit)


def _services(parts: Parts, manifests: Mapping[str, Manifest], reporter: Reporter) -> None:
    for name, service in parts.services.items():
        manifest = manifests.get(name)
        if manifest is None:
            continue  # the manifest's own problems are reported where it is read
        path: Path = ("services", name)
        if service.release not in manifest.releases:
            reporter.error(
                (*path, "release"),
                _not_known(service.release, manifest.releases, "版", "release"),
            )
        edition = service.defaults.edition
        if edition is not None and edition not in manifest.editions:
            reporter.error(
                (*path, "defaults", "edition"),
                _not_known(edition, manifest.editions, "版種", "edition"),
            )


def _identities(parts: Parts, reporter: Reporter) -> None:
    bodies = parts.tenants.items()
    codes = [(body.code, ("tenants", i, "code")) for i, body in bodies]
    former = [
        (code, ("tenants", i, "former_codes", j))
        for i, body in bodies
        for j, code in enumerate(body.former_codes)
    ]
    _doubled([*codes, *former], reporter)
    _doubled(((body.slug, ("tenants", i, "slug")) for i, body in bodies), reporter)


def _body(path: Path, body: TenantFile, parts: Parts, reporter: Reporter) -> None:
    _code(path, body, reporter)
    for j, former in enumerate(body.former_codes):
        if not is_well_formed(former):
            reporter.error((*path, "former_codes", j), _bad_code(former))
    if parts.federation is not None:
        cells = [cell.name for cell in parts.federation.cells]
        if body.cell is not None and body.cell not in cells:
            reporter.error((*path, "cell"), _not_known(body.cell, cells, "セル", "cell"))
    _isolation(path, body, parts, reporter)
    if body.freezes is not None:
        _freezes((*path, "freezes"), body.freezes, reporter)


def _code(path: Path, body: TenantFile, reporter: Reporter) -> None:
    if not is_well_formed(body.code):
        reporter.error((*path, "code"), _bad_code(body.code))
        return
    listed = national_list().get(body.code)
    if body.kind.is_joint_body:
        if listed is not None:
            reporter.error(
                (*path, "code"),
                Text(
                    f"{body.code} は {listed.name} のコードで、{body.kind}のものではありません",
                    f"{body.code} is {listed.name}'s code, not a joint body's",
                ),
            )
        return
    if listed is None:
        reporter.error(
            (*path, "code"),
            Text(
                f"{body.code} は全国の一覧にありません",
                f"{body.code} is not on the national list of municipalities",
            ),
        )
        return
    if body.name != listed.name:
        reporter.error(
            (*path, "name"),
            Text(
                f"{body.code} は {listed.name} のコードです（「{body.name}」とあります）",
                f"{body.code} is the code of {listed.name}, not of {body.name}",
            ),
        )
    if not listed.allows(body.kind):
        reporter.error(
            (*path, "kind"),
            Text(
                f"{listed.name} の種別は {listed.kind} です",
                f"{listed.name} is a {listed.kind} on the national list",
            ),
        )


def _bad_code(code: str) -> Text:
    if len(code) == 6 and code.isascii() and code.isdigit():
        return Text(
            f"検査数字が合いません（{code[:5]} なら最後は {check_digit(code[:5])} です）",
            f"its check digit is wrong: after {code[:5]} comes {check_digit(code[:5])}",
        )
    return Text(f"「{code}」は6桁の数字ではありません", f"'{code}' is not six digits")


def _isolation(path: Path, body: TenantFile, parts: Parts, reporter: Reporter) -> None:
    isolation = body.isolation or parts.defaults.isolation
    if isolation is Isolation.ACCOUNT:
        reporter.error(
            (*path, "isolation"),
            Text(
                "account 分離は本番の拠点とともに使えるようになります。"
                "いまは application か network です",
                "account isolation comes with the production sites; for now application or network",
            ),
        )
    elif isolation is Isolation.NETWORK and body.cidr is None:
        reporter.error(
            (*path, "cidr"),
            Text("network 分離には cidr が要ります", "network isolation needs a cidr"),
        )
    elif isolation is Isolation.APPLICATION and body.cidr is not None:
        reporter.error(
            (*path, "cidr"),
            Text(
                "cidr は network 分離の団体だけが持ちます",
                "only a body with network isolation has a cidr",
            ),
        )


def _freezes(path: Path, freezes: Iterable[FreezeFile], reporter: Reporter) -> None:
    spans = list(enumerate(freezes))
    for i, freeze in spans:
        if freeze.last < freeze.first:
            reporter.error((*path, i, "last"), _reversed("first", "last"))
    ordered = sorted(spans, key=lambda item: item[1].first)
    for (_, before), (i, after) in pairwise(ordered):
        if after.first <= before.last:
            reporter.warning(
                (*path, i),
                Text(
                    f"凍結期間が重なっています（{before.first}〜{before.last}）",
                    f"it overlaps the freeze from {before.first} to {before.last}",
                ),
            )


def _networks(parts: Parts, reporter: Reporter) -> None:
    own: list[Claim] = []
    lgwan: list[Claim] = []
    office: list[Claim] = []
    for i, body in parts.tenants.items():
        path: Path = ("tenants", i)
        if body.cidr is not None:
            own.append(Claim(body.cidr, body.code, (*path, "cidr")))
            if parts.federation is not None:
                pools = parts.federation.network.tenants
                _inside(body.cidr, pools, "network.tenants", (*path, "cidr"), reporter)
            _sized(body.cidr, TENANT_PREFIX, (*path, "cidr"), reporter)
        lgwan += [Claim(n, body.code, (*path, "lgwan", j)) for j, n in enumerate(body.lgwan)]
        office += [
            Claim(n, body.code, (*path, "office", j)) for j, n in enumerate(body.office or ())
        ]
    _apart(own, reporter)
    _apart(lgwan, reporter)
    _shared_offices(office, reporter)


def _shared_offices(claims: list[Claim], reporter: Reporter) -> None:
    """Private ranges repeat and the security cloud's way out is shared: worth a look, no error."""
    for first, second in overlapping(claims):
        if first.owner != second.owner:
            reporter.warning(
                second.path,
                Text(
                    f"庁内の範囲が {first.owner} の {first.network} と重なります",
                    f"this office range overlaps {first.owner}'s {first.network}",
                ),
            )


def _subscriptions(parts: Parts, manifests: Mapping[str, Manifest], reporter: Reporter) -> None:
    checkers = {name: SettingsChecker(manifest) for name, manifest in manifests.items()}
    for i, body in parts.tenants.items():
        seen: list[tuple[str, Path]] = []
        for j, subscription in enumerate(body.services):
            path: Path = ("tenants", i, "services", j)
            name = subscription.service
            seen.append((name, (*path, "service")))
            if subscription.until is not None and subscription.until <= subscription.start:
                reporter.error((*path, "until"), _reversed("from", "until"))
            if name not in parts.services:
                reporter.error(
                    (*path, "service"), _not_known(name, parts.services, "サービス", "service")
                )
            if name not in parts.services or name not in manifests:
                continue
            defaults = parts.services[name].defaults
            edition = subscription.edition or defaults.edition
            editions = manifests[name].editions
            if edition is None or edition not in editions:
                reporter.error(
                    (*path, "edition"), _not_known(edition or "", editions, "版種", "edition")
                )
            settings = {**defaults.settings, **subscription.settings}
            for inner, reason in checkers[name].problems(settings):
                reporter.error((*path, "settings", *inner), reason)
        _doubled(seen, reporter)


def _doubled(keys: Iterable[tuple[str, Path]], reporter: Reporter) -> None:
    first: dict[str, Path] = {}
    for key, path in keys:
        if key in first:
            reporter.error(path, _twice(key))
        first.setdefault(key, path)


def _twice(key: str) -> Text:
    return Text(f"「{key}」が二度使われています", f"'{key}' is used twice")


def _apart(claims: list[Claim], reporter: Reporter) -> None:
    for first, second in overlapping(claims):
        reporter.error(
            second.path,
            Text(
                f"{second.network} は {first.owner} の {first.network} と重なります",
                f"{second.network} overlaps {first.owner}'s {first.network}",
            ),
        )


def _inside(
    network: IPv4Network,
    pools: Iterable[IPv4Network],
    name: str,
    path: Path,
    reporter: Reporter,
) -> None:
    if not any(network.subnet_of(pool) for pool in pools):
        reporter.error(
            path,
            Text(f"{network} は {name} の外です", f"{network} is outside {name}"),
        )


def _sized(network: IPv4Network, prefix: int, path: Path, reporter: Reporter) -> None:
    if network.prefixlen != prefix:
        reporter.error(
            path,
            Text(
                f"/{prefix} が要ります（/{network.prefixlen} でした）",
                f"a /{prefix} is needed, not a /{network.prefixlen}",
            ),
        )


def _reversed(first: str, last: str) -> Text:
    return Text(f"{last} が {first} より前か同じ日です", f"{last} is not after {first}")


def _not_known(word: str, known: Iterable[str], ja: str, en: str) -> Text:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return Text(
            f"{ja}「{word}」はありません（{near[0]} ではありませんか）",
            f"there is no {en} '{word}'; did you mean {near[0]}?",
        )
    return Text(
        f"{ja}「{word}」はありません。あるもの: {', '.join(names)}",
        f"there is no {en} '{word}'; known: {', '.join(names)}",
    )
