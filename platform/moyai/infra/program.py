"""What every program begins with: its configuration, its providers, other stacks' outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pulumi
import pulumi_aws as aws

from moyai.infra.database import MoyaiProvider
from moyai.infra.outputs import (
    FOUNDATION_PROJECT,
    SHARED_STACK,
    CellOutputs,
    SharedOutputs,
    cell_of,
    cell_stack,
    shared_of,
)
from moyai.registry import require
from moyai.registry.models import Registry, Site


@dataclass(frozen=True, slots=True)
class Inputs:
    """A program's configuration, read."""

    registry: Registry
    site: Site
    day: date
    releases: Mapping[str, str]


def read_inputs() -> Inputs:
    """The configuration of the running stack (namespace `moyai`, ADR 0001)."""
    config = pulumi.Config("moyai")
    registry = require(Path(config.require("registry")))
    releases = config.get("releases")
    return Inputs(
        registry,
        registry.sites[config.require("site")],
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
    return shared_of(_reference(SHARED_STACK))


def cell_outputs(cell: str) -> CellOutputs:
    """What a cell's stack exports."""
    return cell_of(_reference(cell_stack(cell)))


def _reference(stack: str) -> pulumi.StackReference:
    return pulumi.StackReference(stack, stack_name=f"organization/{FOUNDATION_PROJECT}/{stack}")
