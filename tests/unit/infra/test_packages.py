"""What is imported ahead of programs is what their components use."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import moyai.infra
from moyai.infra.packages import AWS_PACKAGES

_AHEAD = """
import sys
from moyai.engine.worker.forge import _import
from moyai.infra.packages import MODULES
_import(tuple(sorted(MODULES)))
whole = [m for m in MODULES if type(sys.modules[m]).__name__ != "_LazyModule"]
assert tuple(whole) == MODULES, set(MODULES) - set(whole)
"""

_AHEAD_OF_BODIES = """
import sys
from moyai.engine.worker.forge import _import
from moyai.infra.packages import BODY_MODULES, MODULES
_import(tuple(sorted(BODY_MODULES)))
assert len(BODY_MODULES) == len(MODULES) - 1
assert "pulumi_aws.wafv2._inputs" not in sys.modules
"""


def _used(source: str) -> set[str]:
    """`ec2` of each `aws.ec2.Vpc` in a program."""
    return {
        node.value.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "aws"
    }


def test_the_packages_are_those_that_the_components_use() -> None:
    components = Path(moyai.infra.__path__[0]).glob("*.py")
    used = set().union(*(_used(path.read_text(encoding="utf-8")) for path in components))
    assert set(AWS_PACKAGES) == used


def test_all_are_loaded_and_not_only_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AHEAD], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_body_in_a_cell_needs_no_firewall() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AHEAD_OF_BODIES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
