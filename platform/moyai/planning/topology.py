"""Which stacks there are, what they are called, and which stand on which. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.registry.models import Isolation, Tenant

FOUNDATION = "moyai-foundation"
"""The project of what bodies share."""
TENANT = "moyai-tenant"
"""The project of the bodies' stacks, each named by its body's code."""
PROGRAMS: Mapping[str, str] = {FOUNDATION: "foundation", TENANT: "tenant"}
"""Project → folder below `stacks/`."""
SHARED = "shared"
"""The foundation's stack of what an account has once."""
_CELL = "cell-"


def cell_stack(cell: str) -> str:
    """The name of a cell's stack."""
    return f"{_CELL}{cell}"


def cell_of_stack(stack: str) -> str:
    """The cell whose stack this is. Raises `ValueError` for a stack of another kind."""
    if not stack.startswith(_CELL):
        raise ValueError(f"{stack} is no cell's stack")
    return stack.removeprefix(_CELL)


def enters_cell(body: Tenant) -> bool:
    """Whether a body's services run in its cell: the others have a network of their own."""
    return body.isolation is Isolation.APPLICATION


def foundation_of(body: Tenant) -> tuple[str, ...]:
    """The foundation's stacks whose outputs a body's stack reads, in the order they are made."""
    return (SHARED, cell_stack(body.cell)) if enters_cell(body) else (SHARED,)
