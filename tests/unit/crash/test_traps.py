"""Where campaigns kill: at every boundary that there is, found in the product itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from inspect import CO_VARARGS, CO_VARKEYWORDS, signature
from pathlib import Path

import pytest
from tests.crash.operations.trapped import LEDGER, PLACES, TrappedLedger, TrappedQueue, functions_in
from tests.crash.operations.traps import deaths, passed, set_traps
from tests.crash.sandbox.boundaries import WHEN, StepLedger
from tests.crash.sandbox.steps import places_back, places_of, steps_of

from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.queue.dbos_queue import BodyQueue
from moyai.operations.kinds.table import KINDS
from moyai.planning.fleet.taking_over import Way

SERVICE = "eapp-a"


@pytest.mark.parametrize("name", LEDGER)
@pytest.mark.parametrize("trapped", [StepLedger, TrappedLedger])
def test_each_call_of_the_ledger_passes_traps_and_is_called_as_before(
    trapped: type[Ledger], name: str
) -> None:
    mine = getattr(trapped, name)
    assert mine is not getattr(Ledger, name)
    assert {f"{name}:before", f"{name}:after"} <= {*PLACES}
    if not mine.__code__.co_flags & (
        CO_VARARGS | CO_VARKEYWORDS
    ):  # else it takes all that there is
        assert signature(mine) == signature(getattr(Ledger, name))


@pytest.mark.parametrize("name", ["put", "put_all", "recover", "tear_up", "give_back_lost"])
def test_all_that_writes_to_the_queue_passes_traps(name: str) -> None:
    assert getattr(TrappedQueue, name) is not getattr(BodyQueue, name)


@pytest.mark.parametrize("kind", KINDS)
def test_each_named_step_of_each_kind_has_its_boundaries(kind: str) -> None:
    steps = steps_of(kind, SERVICE)
    assert {f"{when}:{step.name}" for step in steps for when in WHEN} == {*places_of(kind, SERVICE)}
    back = [step.name for step in steps if not step.only_reads]
    assert {f"{when}:-{name}" for name in back for when in WHEN} == {*places_back(kind, SERVICE)}


def test_an_upgrade_and_a_rotation_have_the_steps_that_their_decisions_name() -> None:
    assert [step.name for step in steps_of("upgrade", SERVICE)] == [
        *("preflight", "close-writes", "backup", "stack", "migrate-expand", "health"),
        *("migrate-contract", "health-after", "release", "open-writes"),
    ]
    assert [step.name for step in steps_of("rotate", SERVICE)] == [
        "preflight",
        *(f"{name}:{SERVICE}" for name in ("new", "set", "restart", "health", "void")),
    ]


@pytest.mark.parametrize(("way", "first"), [("on", "preflight"), ("afresh", "preflight")])
def test_a_body_that_is_taken_over_has_its_boundaries(way: Way, first: str) -> None:
    assert places_of("upgrade", SERVICE, way)[0] == f"before:{first}"
    assert set(places_of("upgrade", SERVICE, "back")) - set(places_of("upgrade", SERVICE))


def test_the_functions_of_a_statement_are_found() -> None:
    assert functions_in("SELECT moyai.put_back(%s), moyai.take(1) FROM moyai.body") == (
        "put_back",
        "take",
    )


_PASS = """
import sys
from pathlib import Path
from tests.crash.operations import traps
traps.arm(Path(sys.argv[1]))
for place in ("a", "b", "b", "c"):
    traps.passing(place)
"""


def test_a_process_ends_at_the_passing_that_was_chosen(tmp_path: Path) -> None:
    set_traps(tmp_path, {"b": [2]})
    ended = subprocess.run(
        [sys.executable, "-c", _PASS, str(tmp_path)],
        env={"MOYAI_WORKER": "w1", "PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
        timeout=30,
    )
    assert ended.returncode == -signal.SIGKILL
    assert [(one["place"], one["worker"]) for one in deaths(tmp_path)] == [("b", "w1")]
    assert passed(tmp_path) == {"a", "b"}
