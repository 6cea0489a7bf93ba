"""Attacks are spread over an operation by how far it has come."""

from __future__ import annotations

from tests.crash.sandbox.pace import Pace


def test_after_two_attacks_the_next_waits_until_a_body_has_come_further() -> None:
    pace = Pace()
    pace.saw([("1", "stack")])
    pace.attacked(0)
    assert not pace.holds(0.5)
    pace.attacked(0.5)
    assert pace.holds(1)
    pace.saw([("1", "stack")])
    assert pace.holds(2)
    pace.saw([("1", "health")])
    assert not pace.holds(2)


def test_what_hangs_is_attacked_all_the_same() -> None:
    pace = Pace()
    pace.attacked(0)
    pace.attacked(1)
    assert pace.holds(10.9)
    assert not pace.holds(11)
