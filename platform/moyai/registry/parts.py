"""The parts of a file, also of one with errors: what is wrong is replaced by a stand-in and muted, so
that a misspelt key does not hide a wrong check digit beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from moyai.registry.cost_file import CostSharingFile
from moyai.registry.file_model import (
    DefaultsFile,
    FederationFile,
    FormerKeyFile,
    OperatorFile,
    RegistryFile,
    ServiceFile,
    SiteFile,
    TenantFile,
)
from moyai.registry.operation_file import OperationsFile
from moyai.registry.problems import Reporter
from moyai.registry.shape_errors import report_shape, without_key_step
from moyai.registry.stand_ins import mend
from moyai.registry.yaml_tree import Tree
from moyai.texts import Text

M = TypeVar("M", bound=BaseModel)

EXTENSION_PREFIX = "x-"
"""Top-level keys that begin so are the file's own: a place for anchors."""

_ROUNDS = 4
"""A stand-in may bring up what stood behind an error, hence more than one round."""


def _no_defaults() -> DefaultsFile:
    return DefaultsFile.model_validate({})


@dataclass(frozen=True, slots=True)
class Parts:
    """What could be read. Lists are by index, because checks name places by it."""

    federation: FederationFile | None
    sites: Mapping[str, SiteFile] = field(default_factory=dict)
    operators: Mapping[int, OperatorFile] = field(default_factory=dict)
    services: Mapping[str, ServiceFile] = field(default_factory=dict)
    defaults: DefaultsFile = field(default_factory=_no_defaults)
    tenants: Mapping[int, TenantFile] = field(default_factory=dict)
    cost_sharing: CostSharingFile | None = None
    operations: OperationsFile | None = None
    former_keys: Mapping[int, FormerKeyFile] = field(default_factory=dict)


def read_parts(tree: Tree, reporter: Reporter) -> Parts:
    """Validate the shapes, report every error, and keep what is right."""
    if not isinstance(tree.value, dict):
        reporter.error(
            (),
            Text(
                "federation、services、tenants などのキーが要ります",
                "keys are needed here: federation, services, tenants and so on",
            ),
        )
        return Parts(None)
    raw = {key: value for key, value in tree.value.items() if not key.startswith(EXTENSION_PREFIX)}
    try:
        whole = RegistryFile.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        report_shape(reporter, errors, RegistryFile)
        for one in errors:
            reporter.mute(without_key_step(one["loc"]))
        return _salvage(raw)
    return Parts(
        whole.federation,
        whole.sites,
        dict(enumerate(whole.operators)),
        whole.services,
        whole.defaults,
        dict(enumerate(whole.tenants)),
        whole.cost_sharing,
        whole.operations,
        dict(enumerate(whole.former_keys)),
    )


def _salvage(raw: Mapping[str, object]) -> Parts:
    return Parts(
        _one(FederationFile, raw.get("federation")),
        _by_name(SiteFile, raw.get("sites")),
        _by_index(OperatorFile, raw.get("operators")),
        _by_name(ServiceFile, raw.get("services")),
        _one(DefaultsFile, raw.get("defaults")) or _no_defaults(),
        _by_index(TenantFile, raw.get("tenants")),
        _one(CostSharingFile, raw.get("cost_sharing")),
        _one(OperationsFile, raw.get("operations")),
        _by_index(FormerKeyFile, raw.get("former_keys")),
    )


def _by_name(model: type[M], raw: object) -> dict[str, M]:
    if not isinstance(raw, dict):
        return {}
    found = {str(name): _one(model, value) for name, value in raw.items()}
    return {name: part for name, part in found.items() if part is not None}


def _by_index(model: type[M], raw: object) -> dict[int, M]:
    if not isinstance(raw, list):
        return {}
    found = {index: _one(model, value, index) for index, value in enumerate(raw)}
    return {index: part for index, part in found.items() if part is not None}


def _one(model: type[M], raw: object, index: int = 0) -> M | None:
    """A part with stand-ins for its errors, which are reported already; None where little is left."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    if not isinstance(raw, dict):
        return None
    mended: Any = deepcopy(raw)
    for _ in range(_ROUNDS):
        for one in errors:
            mend(mended, one, index)
        try:
            return model.model_validate(mended)
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return None
