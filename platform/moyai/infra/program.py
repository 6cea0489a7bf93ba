"""What every program begins with: its configuration, its providers, other stacks' outputs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pulumi
import pulumi_aws as aws

from moyai.errors import NOTHING_TOUCHED, FileTrouble
from moyai.infra.code import AGAIN, CONFIG, EDITED, is_as_planned
from moyai.infra.database import MoyaiProvider
from moyai.infra.outputs import (
    CellOutputs,
    SharedOutputs,
    cell_of,
    shared_of,
)
from moyai.planning.topology import FOUNDATION, SHARED, cell_stack
from moyai.registry.load import require
from moyai.registry.models import CellSpec, Registry, Site, Tenant
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Inputs:
    """A program's configuration, read."""

    registry: Registry
    site: Site
    day: date
    releases: Mapping[str, str]

    def body(self, code: str) -> Tenant:
        """The body of a stack. Raises `FileTrouble` where the file has none any more."""
        found = next((body for body in self.registry.tenants if body.code == code), None)
        if found is None:
            raise _unknown(
                Text("団体", "body"), code, (body.code for body in self.registry.tenants)
            )
        return found

    def cell(self, stack: str) -> CellSpec:
        """The cell of a stack `cell-<name>`. Raises `FileTrouble` where the file has none any more."""
        cells = {cell_stack(cell.name): cell for cell in self.registry.federation.cells}
        if stack not in cells:
            raise _unknown(Text("スタック", "stack"), stack, (SHARED, *cells))
        return cells[stack]


def read_inputs() -> Inputs:
    """The configuration of the running stack (namespace `moyai`, ADR 0001).

    Raises `RegistryError` for a file with errors, `FileTrouble` for a site that it does not have any more,
    and where file, services or code are not those that the run was planned by: what nobody has seen is not
    built. Moyai's own modules were imported after that plan, and before this.
    """
    config = pulumi.Config("moyai")
    registry = require(Path(config.require("registry")))
    if config.get("sources") not in (None, registry.sources_sha256):
        raise FileTrouble(EDITED, touched=NOTHING_TOUCHED, remedy=AGAIN)
    if not is_as_planned(config.get(CONFIG), Path.cwd()):
        raise FileTrouble(EDITED, touched=NOTHING_TOUCHED, remedy=AGAIN)
    name = config.require("site")
    if name not in registry.sites:
        raise _unknown(Text("拠点", "site"), name, registry.sites)
    releases = config.get("releases")
    return Inputs(
        registry,
        registry.sites[name],
        date.fromisoformat(config.require("asOf")),
        json.loads(releases) if releases else {},
    )


def providers(site: Site) -> pulumi.ResourceOptions:
    """Options with the one provider for the account and home region, and the platform's own.

    What lives in the backup region says so with its own `region`: stacks of one account then have
    the same provider configuration, and can share a provider process.
    """
    account = aws.Provider("aws", region=site.region, allowed_account_ids=[site.account_id])
    return pulumi.ResourceOptions(providers=[account, MoyaiProvider("moyai")])


def shared_outputs() -> SharedOutputs:
    """What the `shared` stack exports."""
    return shared_of(_reference(SHARED))


def cell_outputs(cell: str) -> CellOutputs:
    """What a cell's stack exports."""
    return cell_of(_reference(cell_stack(cell)))


def _reference(stack: str) -> pulumi.StackReference:
    return pulumi.StackReference(stack, stack_name=f"organization/{FOUNDATION}/{stack}")


def _unknown(what: Text, name: str, known: Iterable[str]) -> FileTrouble:
    """The file was another one when the run was planned. Names others of its kind."""
    named = list(known)
    listed = ", ".join(named[:20]) + (" …" if len(named) > 20 else "")
    return FileTrouble(
        Text(
            f"{what.ja} {name} は tenants.yaml にありません。あるもの: {listed}",
            f"tenants.yaml has no {what.en} {name}; it has: {listed}",
        ),
        touched=NOTHING_TOUCHED,
    )
