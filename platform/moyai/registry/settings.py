"""A subscription's settings against its service's JSON Schema; the schema's defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from moyai.json_value import JsonValue
from moyai.registry.models import Manifest
from moyai.registry.paths import Path
from moyai.registry.setting_errors import sentence
from moyai.registry.words import not_known
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that a service's schema refuses, with its path inside the settings."""

    path: Path
    reason: Text
    at_key: bool = False
    """It is about the key rather than the value."""
    is_missing: bool = False
    """A required setting is not there; a body may still bring it."""


def compile_schema(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """A validator that checks formats and never reaches out for another schema.

    Raises `jsonschema_rs.ValidationError` or `ReferencingError` for what is no JSON Schema.
    """
    return jsonschema_rs.validator_for(dict(schema), validate_formats=True, offline=True)


class SettingsChecker:
    """Checks settings for one service."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._schema: Mapping[str, Any] = manifest.settings_schema
        self._validator = compile_schema(self._schema)

    def refusals(self, settings: Mapping[str, Any]) -> list[Refusal]:
        """Everything that is wrong with settings, judged with the schema's defaults in place."""
        whole = self.complete(settings)
        if self._validator.is_valid(whole):
            return []
        found: dict[Refusal, None] = {}
        for error in self._validator.iter_errors(whole):
            for one in self._refusals_of(error):
                found[one] = None
        return list(found)

    def complete(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with the schema's defaults where nothing was said, also inside objects."""
        return _completed(settings, self._schema)

    def frozen(self, settings: Mapping[str, Any]) -> dict[str, JsonValue]:
        """Complete settings as the registry keeps them: lists as tuples."""
        return {name: _frozen(value) for name, value in self.complete(settings).items()}

    def _refusals_of(self, error: jsonschema_rs.ValidationError) -> Iterator[Refusal]:
        path: Path = tuple(error.instance_path)
        kind: Any = error.kind
        if isinstance(
            kind,
            (
                jsonschema_rs.ValidationErrorKind.AdditionalProperties,
                jsonschema_rs.ValidationErrorKind.UnevaluatedProperties,
            ),
        ):
            known = self._rule(path).get("properties", {})
            for name in kind.unexpected:
                yield Refusal((*path, name), not_known(name, known, "設定", "setting"), at_key=True)
        elif isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            missing = (*path, str(kind.property))
            yield Refusal(missing, self._titled(missing, sentence(error)), is_missing=True)
        else:
            yield Refusal(path, self._titled(path, sentence(error)))

    def _rule(self, path: Path) -> Mapping[str, Any]:
        """The schema of what stands at a path; empty where it does not say."""
        rule: Mapping[str, Any] = self._schema
        for step in path:
            below: Any = rule.get("items" if isinstance(step, int) else "properties", {})
            if isinstance(step, str):
                below = below.get(step, {})
            if not isinstance(below, Mapping):
                return {}
            rule = below
        return rule

    def _titled(self, path: Path, reason: Text) -> Text:
        title = self._rule(path).get("title") if path else None
        return reason if title is None else Text(f"{title}: {reason.ja}", reason.en)


def _completed(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    properties: Any = schema.get("properties", {})
    whole = dict(settings)
    for name, rule in properties.items():
        if not isinstance(rule, Mapping):
            continue
        if name not in whole and "default" in rule:
            whole[name] = deepcopy(rule["default"])
        if isinstance(whole.get(name), Mapping):
            whole[name] = _completed(whole[name], rule)
    return whole


def _frozen(value: Any) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(name): _frozen(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(inner) for inner in value)
    plain: JsonValue = value
    return plain
