"""`python carrier.py FOLDER HOME OPERATION CODE [STEP]`: a process that carries one body, to be killed.

With a step it kills itself and all that it has started within that step, at a place that is always the same:
nothing of the step's end is on record then.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parent))

from federations import Federation
from office import open_office

from moyai.engine.driver.driver import Driver
from moyai.engine.stacks import ResourceMoved
from moyai.jobs import submit
from moyai.operations.durable.living.processes import MARK, kill, marked
from moyai.operations.kinds.upgrade.data import Contract


def _die(*_: Any) -> NoReturn:
    kill(marked(os.environ[MARK]))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives")


def _asked_for() -> None:
    """The job was asked for, and runs by itself: nobody waits for it."""
    wait = submit._wait

    def waited(clients: Any, target: Any, verb: str, *rest: Any) -> Any:
        return _die() if verb == "dump" else wait(clients, target, verb, *rest)

    submit._wait = waited


def _at_a_resource() -> None:
    """The engine is at a resource of the stack."""
    run = Driver.run

    def ran(*given: Any) -> Iterator[Any]:
        for event in run(*given):
            if isinstance(event, ResourceMoved):
                _die()
            yield event

    patch.object(Driver, "run", ran).start()


def _answered() -> None:
    """All of it is done, and was answered."""
    carry_out = Contract.carry_out

    def done(*given: Any) -> Any:
        carry_out(*given)
        _die()

    patch.object(Contract, "carry_out", done).start()


TRAPS: dict[str, Callable[[], None]] = {
    "backup": _asked_for,
    "stack": _at_a_resource,
    "migrate-contract": _answered,
}

if __name__ == "__main__":
    folder, home, operation, code, *steps = sys.argv[1:]
    for step in steps:
        TRAPS[step]()
    with open_office(Federation(Path(folder), Path(home))) as office:
        office.carry(operation, code)
