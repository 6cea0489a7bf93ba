"""The sample file, and a way to check a changed one beside its services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sample import SAMPLE, lay_out

from moyai.registry.load import Loaded, load_content
from moyai.registry.problems import Problem

Check = Callable[[str], Loaded]
Edit = Callable[..., tuple[Problem, ...]]


@pytest.fixture(scope="session")
def sample() -> str:
    return SAMPLE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def check() -> Check:
    """Validate a text as though it were the sample's."""
    return lambda text: load_content(SAMPLE, text.encode())


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
def project(tmp_path: Path) -> Path:
    """A folder of its own with the sample and its services."""
    return lay_out(tmp_path).parent
