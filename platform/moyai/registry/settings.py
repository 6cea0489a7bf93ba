"""A subscription's settings against its service's JSON Schema; the schema's defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from moyai.registry.models import JsonValue, Manifest
from moyai.registry.yaml_tree import Path
from moyai.texts import Text


class SettingsChecker:
    """Checks settings for one service."""

    def __init__(self, manifest: Manifest) -> None:
        self._schema: Mapping[str, Any] = manifest.settings_schema
        self._validator = jsonschema_rs.validator_for(dict(self._schema))

    def problems(self, settings: Mapping[str, Any]) -> Iterator[tuple[Path, Text]]:
        """Each refusal with its path inside the settings."""
        for error in self._validator.iter_errors(settings):
            path = tuple(error.instance_path)
            yield (
                path,
                Text(
                    f"設定がサービスの規則に合いません（{self._title(path)}{error.message}）",
                    f"the service refuses this setting: {error.message}",
                ),
            )

    def complete(self, settings: Mapping[str, Any]) -> dict[str, JsonValue]:
        """The settings with the schema's defaults where nothing was said."""
        properties: Mapping[str, Any] = self._schema.get("properties", {})
        defaults = {name: rule["default"] for name, rule in properties.items() if "default" in rule}
        return {**defaults, **settings}

    def _title(self, path: Path) -> str:
        rule: Any = self._schema
        for step in path:
            rule = rule.get("properties", {}).get(step, {}) if isinstance(step, str) else {}
        title = rule.get("title") if isinstance(rule, dict) else None
        return f"{title}: " if title and path else ""
