"""What a federation edits: the checkout's own file and services are valid, whatever else is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from moyai.registry.load import load
from moyai.registry.manifests import Folder, load_manifest
from moyai.registry.models import Manifest
from moyai.registry.problems import Problem
from moyai.registry.service_sql import check_sql

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = sorted((ROOT / "stacks" / "services").glob("[!._]*/"))


def _errors(problems: tuple[Problem, ...]) -> list[str]:
    return [one.render("en") for one in problems if one.severity == "error"]


def test_its_file_has_no_error() -> None:
    assert _errors(load(ROOT / "tenants.yaml").problems) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_service_is_valid(folder: Path) -> None:
    shown = f"stacks/services/{folder.name}"
    sql = check_sql(folder, shown)
    found = load_manifest(Folder(folder, shown), folder.name, sql.newest)
    assert _errors(() if isinstance(found, Manifest) else found) == []
    assert _errors(sql.problems) == []
