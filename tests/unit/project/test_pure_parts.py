"""The pure parts read what they are asked to read, and write nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[3] / "platform" / "moyai"
PURE = sorted(
    [
        *(LIBRARY / "registry").rglob("*.py"),
        *(LIBRARY / "planning").rglob("*.py"),
        *(LIBRARY / "runbook").rglob("*.py"),
        *(path for path in LIBRARY.glob("*.py") if path.name != "allowance.py"),
    ]
)
_WRITE = {
    "chmod",
    "hardlink_to",
    "mkdir",
    "rename",
    "rmdir",
    "symlink_to",
    "touch",
    "unlink",
    "write_bytes",
    "write_text",
    "writelines",
}
"""What files and paths do to a disk; `replace` and `write` are words of strings and streams too."""
_REACH_THE_DISK = {"fcntl", "os", "shutil", "tempfile"}


def writes(source: str) -> list[str]:
    """Whatever in it could write: imports, calls, modes of `open`."""
    return sorted(set(_writes(ast.parse(source))))


def _writes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in _REACH_THE_DISK)
        elif isinstance(node, ast.ImportFrom) and node.module in _REACH_THE_DISK:
            yield node.module
        elif isinstance(node, ast.Attribute) and node.attr in _WRITE:
            yield node.attr
        elif isinstance(node, ast.Call) and _opens_to_write(node):
            yield "open"


def _opens_to_write(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        place = 1
    elif isinstance(function, ast.Attribute):
        place = 0  # a path's own
    else:
        return False
    if (function.id if isinstance(function, ast.Name) else function.attr) != "open":
        return False
    modes = [*call.args[place : place + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(
        not isinstance(mode, ast.Constant) or set(str(mode.value)) & set("wax+") for mode in modes
    )


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_pure_part_writes_nothing(path: Path) -> None:
    assert writes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import tempfile", ["tempfile"]),
        ("import os.path", ["os.path"]),
        ("from os import replace", ["os"]),
        ("Path('x').write_text('')", ["write_text"]),
        ("open('x', 'w')", ["open"]),
        ("path.open('ab')", ["open"]),
        ("path.open(mode=mode)", ["open"]),
        ("path.open(encoding='utf-8'); open('x'); 'a'.replace('a', 'b')", []),
    ],
)
def test_what_counts_as_writing(source: str, found: list[str]) -> None:
    assert writes(source) == found
