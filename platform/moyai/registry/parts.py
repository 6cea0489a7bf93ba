"""The parts of a file that have the right shape, so that one wrong part does not hide the others'
errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from moyai.registry.file_model import (
    DefaultsFile,
    FederationFile,
    OperatorFile,
    RegistryFile,
    ServiceFile,
    SiteFile,
    TenantFile,
)
from moyai.registry.problems import Reporter
from moyai.registry.shape_errors import report_shape
from moyai.registry.yaml_tree import Tree

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Parts:
    """What could be read. Lists are by index, because checks name places by it."""

    federation: FederationFile | None
    sites: Mapping[str, SiteFile] = field(default_factory=dict)
    operators: Mapping[int, OperatorFile] = field(default_factory=dict)
    services: Mapping[str, ServiceFile] = field(default_factory=dict)
    defaults: DefaultsFile = field(default_factory=DefaultsFile)
    tenants: Mapping[int, TenantFile] = field(default_factory=dict)


def read_parts(tree: Tree, reporter: Reporter) -> Parts:
    """Validate the shapes, report every error, and keep what is right."""
    try:
        whole = RegistryFile.model_validate(tree.value)
    except ValidationError as error:
        report_shape(reporter, error.errors(include_url=False))
        raw = tree.value if isinstance(tree.value, dict) else {}
        return _salvage(raw)
    return Parts(
        whole.federation,
        whole.sites,
        dict(enumerate(whole.operators)),
        whole.services,
        whole.defaults,
        dict(enumerate(whole.tenants)),
    )


def _salvage(raw: Mapping[str, object]) -> Parts:
    return Parts(
        _one(FederationFile, raw.get("federation")),
        _by_name(SiteFile, raw.get("sites")),
        _by_index(OperatorFile, raw.get("operators")),
        _by_name(ServiceFile, raw.get("services")),
        _one(DefaultsFile, raw.get("defaults")) or DefaultsFile(),
        _by_index(TenantFile, raw.get("tenants")),
    )


def _one(model: type[M], raw: object) -> M | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None  # its errors are reported already


def _by_name(model: type[M], raw: object) -> dict[str, M]:
    if not isinstance(raw, dict):
        return {}
    found = {str(name): _one(model, value) for name, value in raw.items()}
    return {name: part for name, part in found.items() if part is not None}


def _by_index(model: type[M], raw: object) -> dict[int, M]:
    if not isinstance(raw, list):
        return {}
    found = {index: _one(model, value) for index, value in enumerate(raw)}
    return {index: part for index, part in found.items() if part is not None}
