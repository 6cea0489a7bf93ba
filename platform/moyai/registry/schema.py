"""The JSON Schema of tenants.yaml for editors, with each service's settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from moyai.registry.file_model import RegistryFile
from moyai.registry.manifests import MANIFEST, SERVICES, Folder, load_manifest
from moyai.registry.models import Manifest
from moyai.registry.parts import EXTENSION_PREFIX

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """pydantic's generator; a title only where somebody wrote one."""

    def field_title_should_be_set(self, _schema: core_schema.CoreSchema) -> bool:
        return False


def json_schema(project: Path) -> dict[str, Any]:
    """JSON Schema (2020-12) of tenants.yaml in a project's folder.

    Names, releases, editions and settings are those of the services below `stacks/services/`; one
    whose manifest cannot be read is left out. What relates several bodies only `moyai validate` sees.
    """
    schema: JsonSchemaValue = RegistryFile.model_json_schema(
        mode="validation", by_alias=True, schema_generator=_Generator
    )
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
        definition.pop("title", None)
        if "enum" in definition:
            definition.pop("description", None)  # written for developers; the fields have their own
    for name in ("sites", "services"):
        mapping = schema["properties"][name]
        mapping.pop("propertyNames", None)
        mapping["additionalProperties"] = False  # names that the pattern does not allow
    services = _services(project)
    if services:
        _add_subscriptions(definitions, services)
        schema["properties"]["services"]["properties"] = {
            one.name: _service(one) for one in services
        }
    schema["title"] = "tenants.yaml"
    schema["patternProperties"] = {
        f"^{EXTENSION_PREFIX}": {"description": "アンカーを置く場所 / a place for anchors"}
    }
    return {"$schema": DIALECT, **schema}


def _services(project: Path) -> list[Manifest]:
    folders = sorted(file.parent for file in (project / SERVICES).glob(f"*/{MANIFEST}"))
    found = [load_manifest(Folder(folder, folder.name), folder.name) for folder in folders]
    return [one for one in found if isinstance(one, Manifest)]


def _add_subscriptions(definitions: dict[str, Any], services: list[Manifest]) -> None:
    """What a subscription may say depends on the service that it names."""
    for manifest in services:
        definitions[f"settings-{manifest.name}"] = _embedded(manifest)
    subscription = definitions["SubscriptionFile"]
    subscription["properties"]["service"] |= {
        "examples": [manifest.name for manifest in services],
    }
    subscription["allOf"] = [
        {
            "if": {"properties": {"service": {"const": one.name}}, "required": ["service"]},
            "then": {"properties": _choices(one)},
        }
        for one in services
    ]


def _choices(manifest: Manifest) -> dict[str, Any]:
    return {
        "edition": {
            "anyOf": [
                {
                    "const": edition.name,
                    "title": edition.title_ja,
                    "description": edition.title_en,
                }
                for edition in manifest.editions.values()
            ]
            + [{"type": "null"}]
        },
        "settings": {"$ref": f"#/$defs/settings-{manifest.name}"},
    }


def _service(manifest: Manifest) -> dict[str, Any]:
    return {
        "title": manifest.title_ja,
        "description": manifest.title_en,
        "allOf": [{"$ref": "#/$defs/ServiceFile"}],
        "properties": {
            "release": {"enum": sorted(manifest.releases)},
            "defaults": {"properties": _choices(manifest)},
        },
    }


def _embedded(manifest: Manifest) -> dict[str, Any]:
    """A service's schema inside this one: nothing in it may speak of being a whole."""
    return {
        key: value
        for key, value in json.loads(json.dumps(manifest.settings_schema)).items()
        if key not in ("$schema", "$id", "required")
    }
