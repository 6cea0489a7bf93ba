"""What a body's stack stands on, by its isolation."""

from __future__ import annotations

import pytest
from tests.sample import SAMPLE

from moyai.planning.topology import cell_of_stack, cell_stack, foundation_of
from moyai.registry.load import require

REGISTRY = require(SAMPLE)


@pytest.mark.parametrize(
    ("code", "stacks"), [("271004", ("shared", "cell-a")), ("271403", ("shared",))]
)
def test_only_who_enters_a_cell_stands_on_it(code: str, stacks: tuple[str, ...]) -> None:
    body = REGISTRY.tenant(code)
    assert body is not None
    assert foundation_of(body) == stacks


def test_a_cell_s_name_comes_back() -> None:
    assert cell_of_stack(cell_stack("b2")) == "b2"
    with pytest.raises(ValueError, match="shared is no cell's stack"):
        cell_of_stack("shared")
