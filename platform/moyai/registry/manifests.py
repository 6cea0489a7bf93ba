"""A service's folder: `manifest.yaml` and `settings.schema.json` as a `Manifest`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from moyai.job_target import is_job
from moyai.registry.file_words import Name, Slug, Version
from moyai.registry.models import Edition, Manifest, Release, Routes
from moyai.registry.plain_files import UnreadableFile, read_plain
from moyai.registry.problems import Problem, Reporter, at
from moyai.registry.service_sql import sql_files
from moyai.registry.settings import SettingsChecker, compile_schema
from moyai.registry.shape_errors import report_shape
from moyai.registry.words import not_known, one_line
from moyai.registry.yaml_tree import Place, UnreadableYaml, read
from moyai.texts import Text

MANIFEST = "manifest.yaml"
COMPONENT = "component.py"
"""What a service adds to each body's stack, where it is there."""
SETTINGS = "settings.schema.json"
SERVICES = "stacks/services"

_HOST = re.compile(r"(?:\{slug\}|\{code\}|[a-z0-9-])+(?:\.[a-z0-9-]+)*\.\{domain\}\Z")

_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]{{1,5}})?/)?{_PATH}(?:/{_PATH})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?\Z"
)
"""An image's reference, as the distribution project's grammar has it, with SHA-256 digests only."""

_LONGEST_IMAGE = 400


def _host(value: object) -> object:
    if isinstance(value, str) and _HOST.match(value) and ("{slug}" in value or "{code}" in value):
        return value
    raise PydanticCustomError("moyai_host", "{value}", {"value": value})


def _image(value: object) -> object:
    fits = isinstance(value, str) and len(value) <= _LONGEST_IMAGE and _IMAGE.match(value)
    if not isinstance(value, str) or not fits:
        raise PydanticCustomError("moyai_image", "{value}", {"value": value})
    if is_job(value):
        raise PydanticCustomError("moyai_job_image", "{value}", {"value": value})
    return value


Host = Annotated[str, BeforeValidator(_host)]
Image = Annotated[str, BeforeValidator(_image)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Title(_Part):
    ja: Name
    en: Name


class _ReleaseFile(_Part):
    image: Image
    schema_version: Annotated[int, Field(strict=True, ge=1, le=100_000)]


class _EditionFile(_Part):
    title: _Title
    cpu: Annotated[int, Field(strict=True, ge=256, le=16384)]
    memory: Annotated[int, Field(strict=True, ge=512, le=122880)]
    desired_count: Annotated[int, Field(strict=True, ge=1, le=100)]
    database_connections: Annotated[int, Field(strict=True, ge=1, le=1000)]


class _RoutesFile(_Part):
    public: Host | None = None
    staff: Host | None = None
    port: Annotated[int, Field(strict=True, ge=1, le=65535)]
    health_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9_./-]*$", max_length=200)]


class _ManifestFile(_Part):
    name: Slug
    title: _Title
    releases: Annotated[dict[Version, _ReleaseFile], Field(min_length=1)]
    editions: Annotated[dict[Slug, _EditionFile], Field(min_length=1)]
    routes: _RoutesFile


@dataclass(frozen=True, slots=True)
class Folder:
    """A service's folder, and how to call it in a message: its path from the project's folder."""

    path: Path
    shown: str


def manifest_folder(project: Path, name: str, written: str | None) -> Folder | Text:
    """Where a service's manifest lies, or why it cannot. It may not lie outside the project."""
    where = written or f"{SERVICES}/{name}"
    if "\0" in where or Path(where).is_absolute() or ".." in Path(where).parts:
        return Text(
            "tenants.yaml のフォルダーの中を、そこからの道筋で書いてください",
            "it has to lie below the folder of tenants.yaml, written as a path from there",
        )
    folder = project / where
    if _is_folder(folder):
        return Folder(folder, where)
    if written is not None:
        return Text(f"フォルダー {where} がありません", f"there is no folder {where}")
    there = list(_services(project))
    found = not_known(name, there, "サービス", "service")
    if there:
        return found
    here = one_line(f"{project / SERVICES}", 120)
    return Text(f"{found.ja}（探した場所: {here}）", f"{found.en} (looked for in {here})")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long a name
        return False


def _services(project: Path) -> Iterator[str]:
    for file in sorted((project / SERVICES).glob(f"*/{MANIFEST}")):
        yield file.parent.name


def folder_stamp(folder: Path) -> str:
    """A hash of what a service's folder says; it changes with any file's name, place or content."""
    files, no_migrations = sql_files(folder)
    total = hashlib.sha256(str(no_migrations).encode())
    for file in (folder / MANIFEST, folder / SETTINGS, folder / COMPONENT, *files):
        total.update(f"{file.name}\0".encode(errors="surrogateescape"))
        try:
            total.update(hashlib.sha256(read_plain(file)).digest())
            total.update(f"{file.resolve()}\0".encode(errors="surrogateescape"))
        except UnreadableFile:
            total.update(b"-")
    return total.hexdigest()


def load_manifest(
    folder: Folder, name: str, newest: int | None = None
) -> Manifest | tuple[Problem, ...]:
    """The manifest in a folder, or everything that is wrong with it.

    `newest` is the last migration's version: no release may need a later one.
    """
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    for file in (MANIFEST, SETTINGS):
        try:
            contents[file] = read_plain(folder.path / file)
        except UnreadableFile as error:
            problems.append(at(f"{folder.shown}/{file}", Place(1, 1), error.reason))
    if problems:
        return tuple(problems)
    schema = _settings_schema(contents[SETTINGS], f"{folder.shown}/{SETTINGS}")
    parsed = _parsed(contents[MANIFEST], f"{folder.shown}/{MANIFEST}", name, newest)
    if isinstance(schema, Problem) or not isinstance(parsed, _ManifestFile):
        found = (schema,) if isinstance(schema, Problem) else ()
        return (*found, *(() if isinstance(parsed, _ManifestFile) else parsed))
    digest = hashlib.sha256(contents[MANIFEST] + b"\0" + contents[SETTINGS]).hexdigest()
    manifest = _manifest(parsed, folder.path, schema, digest)
    refused = [one for one in SettingsChecker(manifest).refusals({}) if not one.is_missing]
    if refused:
        file = f"{folder.shown}/{SETTINGS}"
        return tuple(
            at(
                file,
                Place(1, 1),
                Text(f"既定値 {where}: {one.reason.ja}", f"default of {where}: {one.reason.en}"),
            )
            for one in refused
            for where in [".".join(map(str, one.path))]
        )
    return manifest


def _parsed(
    content: bytes, file: str, name: str, newest: int | None
) -> _ManifestFile | tuple[Problem, ...]:
    try:
        tree = read(content)
    except UnreadableYaml as error:
        return (at(file, error.place, error.reason),)
    reporter = Reporter(file, tree)
    try:
        parsed = _ManifestFile.model_validate(tree.value)
    except ValidationError as error:
        report_shape(reporter, error.errors(include_url=False), _ManifestFile)
        return reporter.ordered()
    if parsed.name != name:
        reporter.error(
            ("name",),
            Text(
                f"フォルダーは {name}、名前は {parsed.name} です（同じにしてください）",
                f"the service is called {name} in tenants.yaml but {parsed.name} here",
            ),
        )
    for version, release in parsed.releases.items():
        if newest is not None and release.schema_version > newest:
            reporter.error(
                ("releases", version, "schema_version"),
                Text(
                    f"スキーマ {release.schema_version} への移行がありません（あるのは {newest} まで）",
                    f"there is no migration to schema {release.schema_version} "
                    f"(they end at {newest})",
                ),
            )
    return reporter.ordered() if reporter.failed else parsed


def _settings_schema(content: bytes, file: str) -> Mapping[str, Any] | Problem:
    try:
        schema = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        message = Text("JSON として読めません", f"not readable as JSON: {error.msg}")
        return at(file, Place(error.lineno, error.colno), message)
    except (UnicodeDecodeError, RecursionError):
        return at(file, Place(1, 1), Text("JSON として読めません", "not readable as JSON"))
    if not isinstance(schema, dict):
        return at(file, Place(1, 1), Text("オブジェクトが要ります", "an object is needed"))
    try:
        compile_schema(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        message = Text("JSON Schema ではありません", f"not a JSON Schema: {error}")
        return at(file, Place(1, 1), message)
    if schema.get("type") != "object":
        return at(
            file,
            Place(1, 1),
            Text('"type": "object" が要ります', 'it needs "type": "object" at the top'),
        )
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
