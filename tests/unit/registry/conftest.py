"""The sample file, and a way to check a changed one beside the repository's services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from moyai.registry import Loaded, Problem, load_content

REPOSITORY = Path(__file__).parents[3]

Check = Callable[[str], Loaded]
Edit = Callable[..., tuple[Problem, ...]]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def sample() -> str:
    return (REPOSITORY / "tenants.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def check() -> Check:
    """Validate a text as though it were the repository's tenants.yaml."""
    return lambda text: load_content(REPOSITORY / "tenants.yaml", text.encode())


@pytest.fixture
def after(sample: str, check: Check) -> Edit:
    """The problems of the sample after replacements, each of which has to apply exactly once."""

    def edited(*changes: tuple[str, str]) -> tuple[Problem, ...]:
        text = sample
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        return check(text).problems

    return edited


@pytest.fixture
def project(tmp_path: Path, sample: str) -> Path:
    """A folder of its own with the sample; services are the repository's."""
    (tmp_path / "tenants.yaml").write_text(sample, encoding="utf-8")
    (tmp_path / "stacks").symlink_to(REPOSITORY / "stacks")
    return tmp_path
