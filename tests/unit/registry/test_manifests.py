"""Services' folders: what a manifest may say, and what is told of a wrong one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sample import SERVICES

from moyai.registry.load import load, require
from moyai.registry.manifests import Folder, load_manifest
from moyai.registry.models import Manifest
from moyai.registry.problems import Problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of eapp-a's manifest and schema."""
    copy = tmp_path / "eapp-a"
    copy.mkdir()
    for name in ("manifest.yaml", "settings.schema.json"):
        shutil.copy(SERVICES / "eapp-a" / name, copy / name)
    return copy


def _problems(folder: Path, name: str = "eapp-a") -> tuple[Problem, ...]:
    found = load_manifest(Folder(folder, "stacks/services/eapp-a"), name)
    return () if isinstance(found, Manifest) else found


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", ["chat", "eapp-a", "eapp-b"])
def test_the_sample_s_services(name: str) -> None:
    manifest = load_manifest(Folder(SERVICES / name, name), name)
    assert isinstance(manifest, Manifest)
    assert set(manifest.releases) >= {"1.0.0", "1.1.0"}
    assert manifest.releases["1.0.0"].schema_version == 1
    assert manifest.releases["1.1.0"].schema_version == 2
    assert manifest.routes.staff is not None
    assert (manifest.routes.public is None) == (name == "chat")
    properties = manifest.settings_schema["properties"]
    assert isinstance(properties, dict)
    for name_of_setting, rule in properties.items():
        assert {"title", "description", "default"} <= set(rule), name_of_setting


def test_the_content_hash_changes_with_either_file(folder: Path) -> None:
    hashes = set()
    for name, old, new in (
        ("manifest.yaml", "port: 8080", "port: 8081"),
        ("settings.schema.json", '"default": 5', '"default": 6'),
        ("settings.schema.json", '"default": 6', '"default": 7'),
    ):
        manifest = load_manifest(Folder(folder, "x"), "eapp-a")
        assert isinstance(manifest, Manifest)
        hashes.add(manifest.content_hash)
        _replace(folder / name, old, new)
    assert len(hashes) == 3


WRONG_MANIFESTS = [
    ("name: eapp-a", "name: eapp-b", "name", "called eapp-a in tenants.yaml but eapp-b here"),
    ("port: 8080", "prot: 8080", "routes.prot", "did you mean port?"),
    ("port: 8080", "port: 80800", "routes.port", "65535 or less"),
    ("    schema_version: 1\n", "    schema_version: one\n", "releases.1.0.0.schema_version", "a whole number"),
    ("  1.0.0:\n", "  v1:\n", "releases.v1", "not a release such as"),
    ('"{slug}.shinsei.{domain}"', '"{slug}.shinsei.example.jp"', "routes.public", "host name pattern"),
    ('"{slug}.shinsei.{domain}"', '"{name}.shinsei.{domain}"', "routes.public", "host name pattern"),
    ('"{slug}.shinsei.{domain}"', '"shinsei.{domain}"', "routes.public", "host name pattern"),
    ("health_path: /healthz", "health_path: healthz", "routes.health_path", "does not fit the pattern"),
    ("health_path: /healthz", "health_path: /点検", "routes.health_path", "does not fit the pattern"),
    ("image: moyai-eapp-a:1.0.0", "image: moyai eapp-a", "releases.1.0.0.image", "container image"),
    ("image: moyai-eapp-a:1.0.0", "image: Moyai:1.0.0", "releases.1.0.0.image", "container image"),
    ("image: moyai-eapp-a:1.0.0", "image: a@sha256:12", "releases.1.0.0.image", "container image"),
    ("image: moyai-eapp-a:1.0.0", "image: 1.0", "releases.1.0.0.image", "container image"),
    ("editions:\n", "edition:\n", "edition", "did you mean editions?"),
    ("title:\n  ja: 電子申請システムA\n", "title:\n", "title.ja", "missing"),
    ("name: eapp-a", "name: eapp-a\nname: eapp-a", "", "the key 'name' is there twice"),
    ("name: eapp-a", "name: [eapp-a", "", "closing bracket"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "reason"), WRONG_MANIFESTS)
def test_a_wrong_manifest(folder: Path, old: str, new: str, path: str, reason: str) -> None:
    _replace(folder / "manifest.yaml", old, new)
    problems = _problems(folder)
    assert any(one.path == path and reason in one.message.en for one in problems), problems
    assert {one.file for one in problems} == {"stacks/services/eapp-a/manifest.yaml"}
    assert all(one.line >= 1 for one in problems)


@pytest.mark.parametrize(
    "image",
    [
        "chat",
        "vendor/e-app__a/web:1.0.0",
        "111122223333.dkr.ecr.ap-northeast-1.amazonaws.com/moyai/chat:1.1.0@sha256:" + "0f" * 32,
        "localhost:5000/chat:latest",
        "localhost:5000/moyai-jobs/chat:moyai-jobs",
        "moyai-jobs-viewer:1.0.0",
    ],
)
def test_an_image_is_named_as_registries_name_it(folder: Path, image: str) -> None:
    _replace(folder / "manifest.yaml", "image: moyai-eapp-a:1.0.0", f"image: {image}")
    manifest = load_manifest(Folder(folder, "x"), "eapp-a")
    assert isinstance(manifest, Manifest)
    assert manifest.releases["1.0.0"].image == image


@pytest.mark.parametrize(
    "image",
    [
        "moyai-jobs",
        "moyai-jobs:1.0.0",
        "localhost:5000/x/moyai-jobs",
        "vendor/not-moyai-jobs:1",
        "a.example/moyai-jobs:1@sha256:" + "0f" * 32,
    ],
)
def test_no_service_takes_the_name_of_the_jobs_image(folder: Path, image: str) -> None:
    _replace(folder / "manifest.yaml", "image: moyai-eapp-a:1.0.0", f"image: {image}")
    (problem,) = _problems(folder)
    assert problem.path == "releases.1.0.0.image"
    assert "means Moyai's own jobs" in problem.message.en
    assert "Moyai 自身のジョブ" in problem.message.ja


WRONG_SCHEMAS: dict[str, tuple[Callable[[str], str], str]] = {
    "no JSON": (lambda text: text[:50], "not readable as JSON"),
    "a list": (lambda _text: "[]", "an object is needed"),
    "no JSON Schema": (lambda text: text.replace('"integer"', '"whole"'), "not a JSON Schema"),
    "no object": (lambda _text: '{"type": "string"}', 'needs "type": "object"'),
    "a schema elsewhere": (
        lambda _text: '{"type": "object", "properties": {"a": {"$ref": "https://example.jp/x"}}}',
        "not a JSON Schema",
    ),
    "a default that it refuses itself": (
        lambda text: text.replace('"default": 5', '"default": 0'),
        "default of retention_years: it has to be 1 or more, not 0",
    ),
    "endless": (lambda _text: "[" * 100_000, "not readable as JSON"),
}


@pytest.mark.parametrize("name", WRONG_SCHEMAS)
def test_a_wrong_schema(folder: Path, name: str) -> None:
    change, reason = WRONG_SCHEMAS[name]
    file = folder / "settings.schema.json"
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    (problem,) = _problems(folder)
    assert reason in problem.message.en
    assert problem.file == "stacks/services/eapp-a/settings.schema.json"


def test_missing_files_are_both_told(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    assert [one.file.rpartition("/")[2] for one in _problems(folder)] == [
        "manifest.yaml",
        "settings.schema.json",
    ]


def _endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _sparse(file: Path) -> None:
    with file.open("wb") as content:
        content.truncate(1 << 40)


STRANGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a device": (_endless, "this is not a regular file"),
    "a fifo": (os.mkfifo, "this is not a regular file"),
    "a folder": (Path.mkdir, "cannot be read"),
    "a huge file": (_sparse, "the file is too large"),
    "a link to itself": (lambda file: file.symlink_to(file.name), "cannot be read"),
}


@pytest.mark.parametrize("name", ["manifest.yaml", "settings.schema.json"])
@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_file_is_told_and_not_waited_for(project: Path, strange: str, name: str) -> None:
    make, reason = STRANGE[strange]
    file = project / "stacks/services/chat" / name
    file.unlink()
    make(file)
    loaded = load(project / "tenants.yaml")
    assert loaded.registry is None
    (problem,) = loaded.problems
    assert (problem.file, problem.line) == (f"stacks/services/chat/{name}", 1)
    assert reason in problem.message.en
    assert load(project / "tenants.yaml") is loaded


def test_a_broken_service_breaks_the_file_that_names_it(project: Path) -> None:
    (project / "stacks/services/chat/manifest.yaml").write_text("name: chat\n", "utf-8")
    loaded = load(project / "tenants.yaml")
    assert loaded.registry is None
    assert {one.file for one in loaded.problems} == {"stacks/services/chat/manifest.yaml"}


def test_a_service_is_added_by_a_folder(project: Path) -> None:
    services = project / "stacks/services"
    shutil.copytree(services / "chat", services / "documents")
    manifest = services / "documents/manifest.yaml"
    _replace(manifest, "name: chat", "name: documents")
    _replace(manifest, "{slug}.chat.", "{slug}.documents.")
    file = project / "tenants.yaml"
    _replace(file, "  chat: #", "  documents: { release: 1.1.0 }\n  chat: #")
    assert require(file).services["documents"].manifest.releases["1.1.0"].schema_version == 2


def test_two_services_cannot_have_one_host_name(project: Path) -> None:
    services = project / "stacks/services"
    shutil.copytree(services / "chat", services / "documents")
    _replace(services / "documents/manifest.yaml", "name: chat", "name: documents")
    file = project / "tenants.yaml"
    _replace(file, "  chat: #", "  documents: { release: 1.1.0 }\n  chat: #")
    (problem,) = load(file).problems
    assert problem.path == "services.chat"
    assert "documents has the same host name {slug}.chat.{domain}" in problem.message.en


def test_a_manifest_may_lie_elsewhere(project: Path) -> None:
    shutil.copytree(project / "stacks/services/chat", project / "vendor/chat")
    shutil.rmtree(project / "stacks/services/chat")
    file = project / "tenants.yaml"
    _replace(file, "settings: { retention_days: 365 }", "settings: {}\n    manifest: vendor/chat")
    assert require(file).services["chat"].manifest.folder == project / "vendor/chat"


def test_a_result_is_kept_until_a_file_it_rests_on_changes(project: Path) -> None:
    file = project / "tenants.yaml"
    first = require(file)
    assert require(file) is first
    schema = project / "stacks/services/eapp-a/settings.schema.json"
    rules = json.loads(schema.read_text(encoding="utf-8"))
    rules["properties"]["retention_years"]["default"] = 7
    schema.write_text(json.dumps(rules), encoding="utf-8")
    second = require(file)
    assert second is not first
    osaka = second.tenant("osaka")
    assert osaka is not None
    assert osaka.subscriptions[0].settings["retention_years"] == 7
    file.write_text(file.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert require(file).sha256 != second.sha256


def _outside(file: Path) -> None:
    other = file.parents[3] / "elsewhere.sql"
    other.write_text("-- phase: expand\n", "utf-8")
    file.symlink_to(other)


def _shift_jis(file: Path) -> None:
    file.write_bytes("-- 移行\n".encode("shift_jis"))


UNUSABLE: dict[str, tuple[Callable[[Path], None], str]] = {
    **STRANGE,
    "a link outside": (_outside, "leads outside the service's folder"),
    "another encoding": (_shift_jis, "this is not UTF-8"),
}


@pytest.mark.parametrize("name", ["migrations/0002_reactions.sql", "health.sql", "metering.sql"])
@pytest.mark.parametrize("unusable", UNUSABLE)
def test_sql_that_jobs_cannot_read_is_told(project: Path, unusable: str, name: str) -> None:
    make, reason = UNUSABLE[unusable]
    file = project / "stacks/services/chat" / name
    assert load(project / "tenants.yaml").registry is not None
    file.unlink()
    make(file)
    (problem,) = load(project / "tenants.yaml").problems
    assert problem.file == f"stacks/services/chat/{name}"
    assert reason in problem.message.en
    assert problem.message.ja != problem.message.en


NUMBERED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "nothing": ((), "migrations", "there is no migration"),
    "a gap": (("0002_b",), "migrations", "missing: migration 0001"),
    "many gaps": (("9999_b",), "migrations", "0009, 0010, …"),
    "twice": (("0001_a", "0002_b", "0002_c"), "migrations", "the migration 0002 is there twice"),
    "from zero": (("0000_z", "0001_a", "0002_b"), "migrations", "numbered from 0001"),
    "another name": (("0001_a", "0002_b", "3_c"), "migrations/3_c.sql", "of the form NNNN_name"),
    "too few": (("0001_a",), "manifest.yaml", "no migration to schema 2 (they end at 1)"),
}


@pytest.mark.parametrize("case", NUMBERED)
def test_migrations_reach_what_releases_need(project: Path, case: str) -> None:
    names, file, reason = NUMBERED[case]
    folder = project / "stacks/services/chat/migrations"
    shutil.rmtree(folder)
    folder.mkdir()
    for name in names:
        (folder / f"{name}.sql").write_text("-- phase: expand\n", "utf-8")
    (problem,) = load(project / "tenants.yaml").problems
    assert problem.file == f"stacks/services/chat/{file}"
    assert reason in problem.message.en
    assert (problem.path == "releases.1.1.0.schema_version") == (case == "too few")


def test_all_of_a_service_is_told_at_once(project: Path) -> None:
    folder = project / "stacks/services/chat"
    (folder / "manifest.yaml").write_text("name: chat\n", "utf-8")
    shutil.rmtree(folder / "migrations")
    (folder / "health.sql").unlink()
    files = [one.file for one in load(project / "tenants.yaml").problems]
    assert list(dict.fromkeys(files)) == [
        f"stacks/services/chat/{name}" for name in ("manifest.yaml", "migrations", "health.sql")
    ]
    (folder / "migrations").symlink_to(folder.parent / "eapp-b/migrations")
    problems = load(project / "tenants.yaml").problems
    assert any("leads outside" in one.message.en for one in problems)


STATEMENTS = {
    "one": ("0001_base.sql", "\nCOMMIT;", 2, 1, "COMMIT cannot stand here", "COMMIT は書けません"),
    "the third": (
        "0002_reactions.sql",
        "\nSELECT 1;\n SELECT ';' /* COMMIT; */; set local role postgres",
        3,
        28,
        "SET ROLE cannot stand here",
        "SET ROLE は書けません",
    ),
    "a quote": ("0001_base.sql", "\nSELECT 1,\n  'a;", 3, 3, "is not closed", "閉じていません"),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_what_a_migration_cannot_say_is_told_where_it_stands(project: Path, case: str) -> None:
    name, text, line, column, english, japanese = STATEMENTS[case]
    file = project / "stacks/services/chat/migrations" / name
    file.write_text("-- phase: expand" + text, "utf-8")
    (problem,) = load(project / "tenants.yaml").problems
    assert problem.file == f"stacks/services/chat/migrations/{name}"
    assert (problem.line, problem.column) == (line, column)
    assert english in problem.message.en
    assert japanese in problem.message.ja


def test_each_part_of_the_health_check_is_read_by_itself(project: Path) -> None:
    file = project / "stacks/services/chat/health.sql"
    good = file.read_text("utf-8")
    lines = len(good.splitlines())
    more = "-- check: a\nSELECT 1 /* never\n-- check: b\nBEGIN\n-- check: c\nSELECT '\0'\n"
    file.write_text(good + more + "-- check: d\nVACUUM\n", "utf-8")
    problems = load(project / "tenants.yaml").problems
    assert {problem.file for problem in problems} == {"stacks/services/chat/health.sql"}
    assert [(one.line - lines, one.column) for one in problems] == [
        (2, 10),
        (4, 1),
        (6, 9),
    ]
    for problem, told in zip(problems, ("comment", "BEGIN", "NUL"), strict=True):
        assert told in problem.message.en


READ = "-- check: a\n-- expect: probe\nSELECT %(probe)s\n"
WRONG_FORMS = {
    "no phase": ("migrations/0001_base.sql", "SELECT 1;\n", 1, "'-- phase: expand'"),
    "two phases": (
        "migrations/0001_base.sql",
        "-- phase: expand\n-- phase: contract\nSELECT 1;\n",
        1,
        "'-- phase: expand'",
    ),
    "another phase": ("migrations/0001_base.sql", "-- phase: shrink\nSELECT 1;\n", 1, "phase"),
    "nothing read back": ("health.sql", "-- check: a\nSELECT 1\n", 1, "reads back"),
    "two statements": (
        "health.sql",
        f"{READ}-- check: b\nSELECT 1; SELECT 2\n",
        4,
        "one statement",
    ),
    "a check's name": ("health.sql", f"{READ}-- check: B\nSELECT 1\n", 4, "the check name B"),
    "what is expected": ("health.sql", f"{READ}-- expect: luck\n", 4, "probe or rows"),
    "an answer to nothing": ("health.sql", f"-- expect: rows\n{READ}", 1, "stands below"),
    "no meter": ("metering.sql", "SELECT 1\n", 1, "there is no meter"),
    "a meter's name": ("metering.sql", "-- meter: A\nSELECT 1\n", 1, "the meter name A"),
    "the platform's own meter": ("metering.sql", "-- meter: storage\nSELECT 1\n", 1, "by Moyai"),
    "a meter that writes": ("metering.sql", "-- meter: a\nDELETE FROM member\n", 1, "one SELECT"),
    "two meters in one": ("metering.sql", "\n-- meter: a\nSELECT 1; SELECT 2\n", 2, "one SELECT"),
    "another parameter": ("metering.sql", "-- meter: a\nSELECT 1\n  + %(last)s\n", 3, "%% only"),
    "an open quote": ("metering.sql", "-- meter: a\nSELECT\n 'x\n", 3, "not closed"),
}


def test_a_service_need_not_meter(project: Path) -> None:
    (project / "stacks/services/chat/metering.sql").unlink()
    assert load(project / "tenants.yaml").problems == ()


@pytest.mark.parametrize("case", WRONG_FORMS)
def test_what_jobs_cannot_read_is_told_where_it_stands(project: Path, case: str) -> None:
    name, text, line, told = WRONG_FORMS[case]
    (project / "stacks/services/chat" / name).write_text(text, "utf-8")
    (problem,) = load(project / "tenants.yaml").problems
    assert (problem.file, problem.line) == (f"stacks/services/chat/{name}", line)
    assert told in problem.message.en
    assert problem.message.ja != problem.message.en
