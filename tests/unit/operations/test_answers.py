"""What is wrong with a body is told apart from what says nothing of any body, in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyai.errors import MoyaiError, OperationFailed, SiteTrouble
from moyai.jobs.failures import JobFailed
from moyai.operations import kinds
from moyai.operations.kinds.answers import answer_of, available
from moyai.operations.kinds.kind import InDoubt, Unavailable, Unreadable
from moyai.registry.problems import RegistryError
from moyai.texts import same

GENERAL = {"MoyaiError", "OperationFailed", "Exception", "BaseException", "NOBODY_CAN_SAY"}
OF_THE_BODY = [
    OperationFailed(same("o")),
    InDoubt(same("d")),
    JobFailed(same("j"), verb="health", code="unwell"),
]
OF_NOBODY = [Unreadable(), RegistryError(()), SiteTrouble(same("away"))]


def _raises(error: MoyaiError) -> str:
    raise error


@pytest.mark.parametrize("error", OF_THE_BODY, ids=lambda one: type(one).__name__)
def test_what_is_wrong_with_the_body_is_an_answer(error: MoyaiError) -> None:
    assert answer_of(lambda: _raises(error)) is error
    with pytest.raises(Unavailable) as found:
        available(lambda: _raises(error))
    assert found.value.what == error.what


@pytest.mark.parametrize("error", OF_NOBODY, ids=lambda one: type(one).__name__)
def test_what_says_nothing_of_the_body_passes_as_it_is(error: MoyaiError) -> None:
    for ask in (answer_of, available):
        with pytest.raises(type(error)) as found:
            ask(lambda: _raises(error))
        assert found.value is error


def test_an_answer_is_handed_on() -> None:
    assert answer_of(lambda: 1) == available(lambda: 1) == 1


def _caught(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            named = [] if node.type is None else list(ast.walk(node.type))
            yield from (one.id for one in named if isinstance(one, ast.Name))
            if node.type is None:
                yield "Exception"


def test_kinds_catch_failures_in_general_in_one_place() -> None:
    """`site` makes what is `Unreadable` of them."""
    folder = Path(kinds.__file__).parent
    found = {
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if GENERAL & set(_caught(file))
    }
    assert found == {"answers.py", "site.py"}
