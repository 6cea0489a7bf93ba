"""What relates several values of a file. The federation, sites and people here; the rest beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import parse_qs, urlsplit

from moyai.registry.check_bodies import check_bodies, doubled
from moyai.registry.check_costs import check_costs
from moyai.registry.check_keys import check_keys
from moyai.registry.check_networks import CELL_PREFIX, TENANT_PREFIX, check_networks
from moyai.registry.check_operations import check_operations
from moyai.registry.check_subscriptions import SubscriptionChecks
from moyai.registry.codes import prefectures
from moyai.registry.file_model import OperatorFile, SiteFile
from moyai.registry.operation_file import BodyApproverFile
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Problem, Reporter
from moyai.registry.selector_words import Vocabulary, vocabulary, why_unreadable
from moyai.registry.settings import SettingsChecker
from moyai.registry.ssh_keys import why_unfit
from moyai.registry.words import not_known, one_line
from moyai.texts import Text

__all__ = ["CELL_PREFIX", "TENANT_PREFIX", "check"]

SANDBOX_NAME = "sandbox"


def check(parts: Parts, checkers: Mapping[str, SettingsChecker], reporter: Reporter) -> None:
    """Report everything that is wrong between the parts of a file.

    `checkers` has those services whose manifests could be read.
    """
    _federation(parts, reporter)
    for name, site in parts.sites.items():
        _site(name, site, reporter)
    doubled(
        ((site.account_id, ("sites", name, "account_id")) for name, site in parts.sites.items()),
        reporter,
    )
    check_bodies(parts, reporter)
    check_networks(parts, reporter)
    SubscriptionChecks(parts, checkers, reporter).run()
    known = vocabulary(
        parts.tenants.values(),
        parts.services,
        [] if parts.federation is None else [cell.name for cell in parts.federation.cells],
        parts.defaults.tags,
    )
    _operators(parts, known, reporter)
    check_costs(parts, known, reporter)
    check_operations(parts, known, reporter)
    check_keys(parts, reporter)


def _federation(parts: Parts, reporter: Reporter) -> None:
    federation = parts.federation
    if federation is None:
        return
    known = prefectures()
    if federation.prefecture not in known:
        reporter.error(
            ("federation", "prefecture"),
            not_known(federation.prefecture, known, "都道府県", "prefecture"),
        )
    doubled(
        (
            (cell.name, ("federation", "cells", i, "name"))
            for i, cell in enumerate(federation.cells)
        ),
        reporter,
    )


def _site(name: str, site: SiteFile, reporter: Reporter) -> None:
    path: Path = ("sites", name)
    if name == SANDBOX_NAME:
        reporter.error(
            path,
            Text(
                "sandbox は書かなくても使えます。この名前は使えません",
                "the sandbox needs no entry; its name is taken",
            ),
            at_key=True,
        )
    if site.region == site.backup_region:
        reporter.error(
            (*path, "backup_region"),
            Text("控えのリージョンが本体と同じです", "the backup region is the region itself"),
        )
    _url(site.state_backend, ("s3",), (*path, "state_backend"), reporter)
    _url(site.secrets_provider, ("awskms",), (*path, "secrets_provider"), reporter)
    if site.operations_database is not None:
        _url(
            site.operations_database,
            ("postgresql",),
            (*path, "operations_database"),
            reporter,
        )
    if site.role_arn is not None:
        _role(site.role_arn, site, path, reporter)


def _role(role_arn: str, site: SiteFile, path: Path, reporter: Reporter) -> None:
    """Report a role of another account."""
    if role_arn.split(":")[4] != site.account_id and not reporter.is_muted((*path, "account_id")):
        reporter.error(
            (*path, "role_arn"),
            Text(
                f"アカウント {site.account_id} のロールではありません",
                f"it is not a role of account {site.account_id}",
            ),
        )


def _url(url: str, schemes: tuple[str, ...], path: Path, reporter: Reporter) -> None:
    """Report another scheme, or a password; the URL itself is never shown."""
    wanted = [f"{scheme}://" for scheme in schemes]
    if not url.startswith(tuple(wanted)):
        reporter.error(
            path,
            Text(
                f"{' か '.join(wanted)} で始めてください",
                f"it has to begin with {' or '.join(wanted)}",
            ),
        )
        return
    if _has_password(url):
        reporter.error(
            path,
            Text(
                "パスワードは書けません（Secrets Manager などに置いてください）",
                "no password here: keep it in Secrets Manager or the like",
            ),
        )


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        said = parse_qs(parts.query.casefold(), keep_blank_values=True)
        return bool(parts.password) or any("password" in key for key in said)
    except ValueError:  # brackets that do not close: nothing more is known of it
        return "@" in url


def expiries(parts: Parts, reporter: Reporter) -> Iterator[tuple[date, Problem]]:
    """The last day of each operator's and body's approver's rights, with the warning that holds after it."""
    people: list[tuple[Path, OperatorFile | BodyApproverFile]] = [
        (("operators", i), operator) for i, operator in parts.operators.items()
    ]
    for index, body in parts.tenants.items():
        people += [
            (("tenants", index, "approvers", i), one) for i, one in enumerate(body.approvers)
        ]
    for person, one in people:
        path: Path = (*person, "expires")
        if not reporter.is_muted(path):
            words = Text(
                f"{one_line(one.name)} の権限は {one.expires} で終わっています",
                f"the rights of {one_line(one.name)} ended on {one.expires}",
            )
            yield one.expires, reporter.problem(path, words, "warning")


def _operators(parts: Parts, known: Vocabulary, reporter: Reporter) -> None:
    # As `persons.is_same` tells them apart.
    doubled(
        ((one.email.casefold(), ("operators", i, "email")) for i, one in parts.operators.items()),
        reporter,
    )
    for i, operator in parts.operators.items():
        unfit = why_unfit(operator.ssh_key)
        if unfit is not None:
            reporter.error(("operators", i, "ssh_key"), unfit)
        reason = why_unreadable(operator.bodies, known)
        if reason is not None:
            reporter.error(("operators", i, "bodies"), reason)
    for i, former in parts.former_keys.items():
        unfit = why_unfit(former.ssh_key)
        if unfit is not None:
            reporter.error(("former_keys", i, "ssh_key"), unfit)
