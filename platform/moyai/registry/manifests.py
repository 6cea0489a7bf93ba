"""A service's folder: `manifest.yaml` and `settings.schema.json` as a `Manifest`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moyai.registry.file_model import Name, Slug, Version
from moyai.registry.models import Edition, Manifest, Release, Routes
from moyai.registry.problems import Problem, Reporter, at
from moyai.registry.shape_errors import report_shape
from moyai.registry.yaml_tree import Place, UnreadableYaml, read
from moyai.texts import Text

MANIFEST = "manifest.yaml"
SETTINGS = "settings.schema.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Title(_Part):
    ja: Name
    en: Name


class _ReleaseFile(_Part):
    image: Name
    schema_version: Annotated[int, Field(strict=True, ge=1)]


class _EditionFile(_Part):
    title: _Title
    cpu: Annotated[int, Field(strict=True, ge=256, le=16384)]
    memory: Annotated[int, Field(strict=True, ge=512, le=122880)]
    desired_count: Annotated[int, Field(strict=True, ge=1, le=100)]
    database_connections: Annotated[int, Field(strict=True, ge=1, le=1000)]


class _RoutesFile(_Part):
    public: str | None = None
    staff: str | None = None
    port: Annotated[int, Field(strict=True, ge=1, le=65535)]
    health_path: Annotated[str, Field(pattern="^/")]


class _ManifestFile(_Part):
    name: Slug
    title: _Title
    releases: Annotated[dict[Version, _ReleaseFile], Field(min_length=1)]
    editions: Annotated[dict[Slug, _EditionFile], Field(min_length=1)]
    routes: _RoutesFile


def load_manifest(folder: Path, name: str) -> Manifest | tuple[Problem, ...]:
    """The manifest in a folder, or everything that is wrong with it."""
    manifest_file, settings_file = folder / MANIFEST, folder / SETTINGS
    try:
        content, settings = manifest_file.read_bytes(), settings_file.read_bytes()
    except OSError as error:
        missing = Path(str(error.filename))
        message = Text(
            f"サービス {name} の {missing.name} を読めません（{folder}）",
            f"cannot read the service {name}'s {missing.name} in {folder}",
        )
        return (at(str(missing), Place(1, 1), message),)
    schema = _settings_schema(settings, settings_file)
    if isinstance(schema, Problem):
        return (schema,)
    try:
        tree = read(content)
    except UnreadableYaml as error:
        return (at(str(manifest_file), error.place, error.reason),)
    reporter = Reporter(str(manifest_file), tree)
    try:
        parsed = _ManifestFile.model_validate(tree.value)
    except ValidationError as error:
        report_shape(reporter, error.errors(include_url=False))
        return reporter.ordered()
    if parsed.name != name:
        reporter.error(
            ("name",),
            Text(
                f"フォルダー名 {name} と名前 {parsed.name} が違います",
                f"the folder is named {name}, the service {parsed.name}",
            ),
        )
        return reporter.ordered()
    digest = hashlib.sha256(content + b"\0" + settings).hexdigest()
    return _manifest(parsed, folder, schema, digest)


def _settings_schema(content: bytes, file: Path) -> Mapping[str, Any] | Problem:
    try:
        schema = json.loads(content)
        jsonschema_rs.validator_for(schema)
    except json.JSONDecodeError as error:
        message = Text("JSON として読めません", f"not readable as JSON: {error.msg}")
        return at(str(file), Place(error.lineno, error.colno), message)
    except (UnicodeDecodeError, ValueError, jsonschema_rs.ValidationError) as error:
        message = Text("JSON Schema ではありません", f"not a JSON Schema: {error}")
        return at(str(file), Place(1, 1), message)
    if not isinstance(schema, dict):
        return at(str(file), Place(1, 1), Text("オブジェクトが要ります", "an object is needed"))
    return schema


def _manifest(
    parsed: _ManifestFile, folder: Path, schema: Mapping[str, Any], digest: str
) -> Manifest:
    return Manifest(
        name=parsed.name,
        folder=folder,
        title_ja=parsed.title.ja,
        title_en=parsed.title.en,
        releases={
            version: Release(version, release.image, release.schema_version)
            for version, release in parsed.releases.items()
        },
        editions={
            name: Edition(
                name,
                edition.title.ja,
                edition.title.en,
                edition.cpu,
                edition.memory,
                edition.desired_count,
                edition.database_connections,
            )
            for name, edition in parsed.editions.items()
        },
        routes=Routes(
            parsed.routes.public,
            parsed.routes.staff,
            parsed.routes.port,
            parsed.routes.health_path,
        ),
        settings_schema=schema,
        content_hash=digest,
    )
