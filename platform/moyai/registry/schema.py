"""The JSON Schema of tenants.yaml for editors, with each service's settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from moyai.registry.file_model import RegistryFile
from moyai.registry.manifests import SETTINGS


def json_schema(project: Path) -> dict[str, Any]:
    """JSON Schema (2020-12) of tenants.yaml in a project.

    A subscription's settings are checked by the schema of the service it names; services are those
    below `stacks/services/`.
    """
    schema: dict[str, Any] = RegistryFile.model_json_schema(mode="validation", by_alias=True)
    rules = [_rule(file) for file in sorted((project / "stacks/services").glob(f"*/{SETTINGS}"))]
    if rules:
        schema["$defs"]["SubscriptionFile"]["allOf"] = rules
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tenants.yaml",
        **schema,
    }


def _rule(file: Path) -> dict[str, Any]:
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings.pop("$schema", None)
    return {
        "if": {"properties": {"service": {"const": file.parent.name}}, "required": ["service"]},
        "then": {"properties": {"settings": settings}},
    }
