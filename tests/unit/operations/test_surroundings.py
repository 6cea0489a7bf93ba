"""Which code decides stacks: all that programs import, or it is said why not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sample import PROGRAMS, SERVICES

import moyai
from moyai.infra.code import component_files

LIBRARY = Path(moyai.__file__).parent
_VALUES_ARE_IN_OTHER_PARTS = (
    "loopback.py",
    "registry/",
    "service_files.py",
    "service_meters.py",
    "service_probes.py",
    "service_statements.py",
    "sql_text.py",
)
_WORDS_AND_TYPES_ONLY = ("__init__.py", "errors.py", "json_value.py", "texts.py")
_IMPORTED = """
import importlib, json, sys
for name in json.load(sys.stdin):
    importlib.import_module(name)
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "moyai"]))
"""
FILES = sorted(file for one in (*PROGRAMS.values(), SERVICES) for file in one.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """The modules that a program names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_all_that_programs_import_decides_or_is_told_apart() -> None:
    named = sorted(set().union(*(_imports(path) for path in FILES)))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORTED],
        input=json.dumps(named),
        capture_output=True,
        text=True,
        check=True,
    )
    used = {Path(file).relative_to(LIBRARY).as_posix() for file in json.loads(done.stdout)}
    deciding = {path.relative_to(LIBRARY).as_posix() for path in component_files()}
    left = {
        path
        for path in used - deciding
        if not path.startswith(_VALUES_ARE_IN_OTHER_PARTS) and path not in _WORDS_AND_TYPES_ONLY
    }
    assert left == set()
    # And nothing else decides: a word changed there would make every body a changed one.
    assert {path for path in deciding - used if not path.endswith("__init__.py")} == set()
    assert {"infra/environment.py", "planning/names.py", "registry/models.py"} <= deciding


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_programs_import_components_and_pure_parts_only(path: Path) -> None:
    allowed = ("moyai.infra", "moyai.planning", "moyai.registry", "moyai.texts", "moyai.errors")
    theirs = {name for name in _imports(path) if name.split(".")[0] in ("moyai", "moyai_cli")}
    assert [name for name in sorted(theirs) if not name.startswith(allowed)] == []
    for name in _imports(path) - theirs:
        assert name.split(".")[0] not in ("boto3", "botocore", "psycopg", "subprocess", "socket")
