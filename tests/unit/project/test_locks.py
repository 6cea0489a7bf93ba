"""The locks: what is asked for is locked, with hashes, and a check notices where it is not."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = (
    "pyproject.toml",
    "requirements/runtime.txt",
    "requirements/dev.txt",
    "requirements/build.in",
    "requirements/focus.in",
    "requirements/focus.txt",
    "requirements/bench.in",
    "requirements/bench.txt",
    "platform/moyai/jobs/requirements.in",
    "platform/moyai/jobs/requirements.txt",
)
DEV = "requirements/dev.txt"


@pytest.fixture(scope="module")
def locks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("locks", ROOT / "scripts" / "locks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["locks"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def edit(file: Path, pattern: str, new: str) -> None:
    text = file.read_text()
    changed = re.sub(pattern, new, text, count=1, flags=re.MULTILINE)
    assert changed != text
    file.write_text(changed)


def test_locks_hold_what_is_asked_for(locks: ModuleType) -> None:
    assert locks.check(ROOT) == []
    pins, _ = locks.read_lock((ROOT / DEV).read_text())
    assert {"pulumi", "moto", "pytest", "hatchling"} <= {pin.name for pin in pins if pin.is_direct}
    assert len(pins) > 80


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".txt")])
def test_locks_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "pattern", "new", "problem"),
    [
        ("pyproject.toml", r'^    "boto3>=', '    "rich-argparse>=1",\n    "boto3>=', "missing: rich-arg"),
        ("pyproject.toml", r'^    "typer>=.*$', '    "typer>=99",', "asked for typer>=99, locked"),
        ("pyproject.toml", r'^    "hypothesis>=.*\n', "", "no longer asked for: hypothesis"),
        ("requirements/build.in", r"^editables$", "", "no longer asked for: editables"),
        (DEV, r"^boto3==\S+", "boto3>=1", "not locked to one version: boto3"),
        (DEV, r"^typer==.*\\\n(    --hash=.*\n)+", "typer==0.29.0\n", "no hash: typer"),
        (DEV, r"\A", "--index-url https://example.jp/simple\n", "not a locked package: --index"),
        (DEV, r"^rich==\S+", "rich==15.0.99", "is locked otherwise than in requirements/runtime"),
        ("platform/moyai/jobs/requirements.in", r"^botocore.*", "botocore>=9", "botocore>=9, locked"),
        ("requirements/bench.in", r"^pandas.*", "pandas<1", "asked for pandas<1, locked"),
    ],
)  # fmt: skip
def test_stale_locks_are_noticed(
    locks: ModuleType, copy: Path, file: str, pattern: str, new: str, problem: str
) -> None:
    assert locks.check(copy) == []
    edit(copy / file, pattern, new)
    assert any(problem in found for found in locks.check(copy)), locks.check(copy)
