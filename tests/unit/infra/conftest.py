"""The foundation and some bodies, built once from the sample."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pulumi_aws
import pytest
from tests.sample import SAMPLE, lay_out

sys.path.insert(0, str(Path(__file__).parent))

with warnings.catch_warnings():
    # The SDK warns of its own old classes when a module is first used.
    warnings.simplefilter("ignore", DeprecationWarning)
    READ = (pulumi_aws.ec2.Vpc, pulumi_aws.s3.Bucket)

from mocked_stack import DAY, Build, Run, config_of, run_program


@cache
def _shared() -> Run:
    return run_program("foundation", "shared", config_of(SAMPLE))


@cache
def _cell() -> Run:
    return run_program("foundation", "cell-a", config_of(SAMPLE), {"shared": _shared().outputs})


@cache
def _body(file: Path, code: str, day: str, releases: tuple[tuple[str, str], ...]) -> Run:
    # Another file's body stands on the sample's foundation: what tests change is the body's.
    references = {"shared": _shared().outputs, "cell-a": _cell().outputs}
    config = config_of(file, day, json.dumps(dict(releases)))
    return run_program("tenant", code, config, references)


@pytest.fixture(scope="session")
def shared() -> Run:
    return _shared()


@pytest.fixture(scope="session")
def cell() -> Run:
    return _cell()


@pytest.fixture(scope="session")
def build() -> Build:
    """`build("272027", chat="1.0.0")`: a body's run; `file` and `day` are the sample and today."""

    def body(code: str, file: Path = SAMPLE, day: str = DAY, **releases: str) -> Run:
        named = {name.replace("_", "-"): version for name, version in releases.items()}
        return _body(file, code, day, tuple(sorted(named.items())))

    return body


@pytest.fixture(scope="session")
def city(build: Build) -> Run:
    """岸和田市: application isolation, two services."""
    return build("272027", chat="1.0.0", eapp_b="1.0.0")


@pytest.fixture(scope="session")
def neighbour(build: Build) -> Run:
    """大阪市: in the same cell."""
    return build("271004", eapp_a="1.0.0")


@pytest.fixture(scope="session")
def own(build: Build) -> Run:
    """堺市: network isolation."""
    return build("271403", eapp_a="1.0.0")


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str, str], Path]:
    """`project(old, new)`: the sample with one passage replaced, beside its services."""

    def written(old: str, new: str) -> Path:
        words = SAMPLE.read_text(encoding="utf-8")
        assert words.count(old) >= 1, old
        return lay_out(tmp_path, words.replace(old, new, 1))

    return written
