"""Small campaigns of a fixed seed with the real engine, providers and jobs; `make crash` runs the full ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.crash.operations.check import Findings
from tests.crash.operations.report import report
from tests.crash.operations.traps import passed
from tests.crash.sandbox.campaign import SMALL, Ground, ground, run
from tests.crash.sandbox.counting import check_migrations, check_requests
from tests.crash.sandbox.place import SERVICE
from tests.crash.sandbox.releases import migrations, release
from tests.crash.sandbox.steps import places_of
from tests.crash.sandbox.table import ATTACKS

SEED = 1
pytestmark = pytest.mark.timeout(600)  # a minute on a machine at rest


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
    assert on.place is not None
    [folder] = on.place.base.glob(f"{name}-{SEED}-*")
    assert {*places_of("upgrade", SERVICE)} <= passed(folder), "a boundary without a trap"


def test_a_second_effect_would_be_seen(on: Ground) -> None:
    place, number = on.place, on.number
    assert place is not None
    code, found = place.codes[0], Findings()
    expand = next(iter(migrations(number).values()))
    with place.superuser(code) as admin:
        admin.execute(f"ALTER TABLE procedure DROP COLUMN crash_{number}; {expand}")
    place.witness.look()
    check_migrations(code, number, place.witness.of(place.database(code)), found)
    assert [one.partition(": ")[2] for one in found.duplicates] == [
        f"migration {min(migrations(number))} 2 times"
    ]
    _register_again(place.client("ecs"), place.family(code))
    found = Findings()
    asked = [one for one in place.requests(on.since) if one.is_about(code)]
    check_requests(place.family(code), release(number), asked, found)
    assert len(found.duplicates) == 1


def _register_again(ecs: Any, family: str) -> None:
    """As an engine would that did not find what it had made before."""
    given = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    kept = ("family", "containerDefinitions", "networkMode", "cpu", "memory")
    ecs.register_task_definition(**{name: given[name] for name in kept})
