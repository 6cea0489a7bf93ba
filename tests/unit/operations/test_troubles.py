"""For what a body waits: in words that quote no other body's entry of the file; causes are said once."""

from __future__ import annotations

import pytest

from moyai.errors import FileTrouble, MoyaiError, OperationFailed, SiteTrouble
from moyai.operations.durable.troubles import LASTING_SECONDS, Troubles, why_waits
from moyai.operations.kinds.kind import Unreadable
from moyai.registry.problems import Problem, RegistryError
from moyai.texts import same

QUOTED = "tenants[999999] is wrong"
BROKEN = RegistryError([Problem("tenants.yaml", 1, 1, "", same(QUOTED))])


def _unreadable(cause: MoyaiError) -> MoyaiError:
    error = Unreadable()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [BROKEN, FileTrouble(same(QUOTED)), _unreadable(BROKEN), _unreadable(_unreadable(BROKEN))],
)
def test_what_the_file_says_of_others_is_not_told(error: MoyaiError) -> None:
    why = why_waits(error)
    assert "999999" not in why.en + why.ja
    assert "tenants.yaml" in why.en


@pytest.mark.parametrize(
    "error", [SiteTrouble(same("bucket b")), _unreadable(OperationFailed(same("bucket b\nmore")))]
)
def test_what_is_wrong_with_the_site_is_told_in_one_line(error: MoyaiError) -> None:
    why = why_waits(error)
    assert "bucket b" in why.en
    assert "bucket b" in why.ja
    assert "more" not in why.en


def test_each_wait_is_told_once_when_it_has_lasted_and_again_for_another_cause() -> None:
    moments, log = [0.0], list[str]()
    troubles = Troubles(log.append, lambda: moments[0])
    one, other = SiteTrouble(same("a")), SiteTrouble(same("b"))
    assert not troubles.met("x", one)
    moments[0] = LASTING_SECONDS
    assert troubles.met("x", one)
    assert not troubles.met("x", one)
    assert not troubles.met("x", other)
    moments[0] *= 2
    assert troubles.met("x", other)
    assert log == ["x waits: a", "x waits: b"]
    troubles.over("x")
    assert len(log) == 3
    troubles.met("x", one)
    assert log[-1] == "x waits: a"
