"""Small campaigns of a fixed seed with the real engine, providers and jobs; `make crash` runs the full ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.crash.operations.report import report
from tests.crash.sandbox.attacks import ATTACKS
from tests.crash.sandbox.campaign import SMALL, Ground, ground, run

SEED = 1


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground"), SMALL) as made:
        yield made


@pytest.mark.parametrize("name", ["sandbox-boundaries"])
def test_every_body_is_upgraded_once_whatever_is_killed(on: Ground, name: str) -> None:
    outcome = run(ATTACKS[name], SEED, on)
    assert outcome.findings.none, (vars(outcome.findings), outcome.said)
    assert outcome.kills > 0
    assert report([outcome])["duplicates"] == 0
