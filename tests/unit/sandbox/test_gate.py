from __future__ import annotations

import time
from threading import Event, Thread

from moyai.sandbox.gate import Gate


def test_a_snapshot_waits_until_a_request_has_left() -> None:
    gate, entered, leave, order = Gate(), Event(), Event(), []

    def request() -> None:
        with gate.request():
            entered.set()
            leave.wait(5)
            order.append("request")

    def snapshot() -> None:
        with gate.closed():
            order.append("snapshot")

    threads = [Thread(target=request), Thread(target=snapshot)]
    threads[0].start()
    assert entered.wait(5)
    threads[1].start()
    time.sleep(0.05)
    assert order == []
    leave.set()
    for thread in threads:
        thread.join(5)
    assert order == ["request", "snapshot"]


def test_requests_take_turns() -> None:
    gate, inside, most = Gate(), [0], [0]

    def requests() -> None:
        for _ in range(50):
            with gate.request():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0001)
                inside[0] -= 1

    threads = [Thread(target=requests) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == [1]
    assert not any(thread.is_alive() for thread in threads)


def test_a_request_gets_in_while_another_has_stepped_out() -> None:
    gate, done = Gate(), Event()

    def request() -> None:
        with gate.request():
            done.set()

    with gate.request(), gate.released():
        thread = Thread(target=request)
        thread.start()
        assert done.wait(5)
    thread.join(5)


def test_a_snapshot_gets_its_turn_among_many_requests() -> None:
    gate, end, taken = Gate(), Event(), Event()

    def requests() -> None:
        while not end.is_set():
            with gate.request():
                time.sleep(0.0001)

    def snapshot() -> None:
        with gate.closed():
            taken.set()

    threads = [Thread(target=requests) for _ in range(8)]
    for thread in threads:
        thread.start()
    Thread(target=snapshot).start()
    try:
        assert taken.wait(5)
    finally:
        end.set()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_requests_wait_while_a_snapshot_is_taken() -> None:
    gate, done = Gate(), Event()

    def request() -> None:
        with gate.request():
            done.set()

    with gate.closed():
        thread = Thread(target=request)
        thread.start()
        assert not done.wait(0.05)
    thread.join(5)
    assert done.is_set()


def test_a_request_that_stepped_out_holds_up_no_snapshot() -> None:
    gate, outside, back, taken = Gate(), Event(), Event(), Event()

    def request() -> None:
        with gate.request(), gate.released():
            outside.set()
            back.wait(5)

    thread = Thread(target=request)
    thread.start()
    assert outside.wait(5)
    with gate.closed():
        taken.set()
    back.set()
    thread.join(5)
    assert taken.is_set()
    assert not thread.is_alive()


def test_a_gate_closed_for_good_lets_nobody_in() -> None:
    gate, inside = Gate(), Event()
    with gate.closed(for_good=True):
        pass

    def request() -> None:
        with gate.request():
            inside.set()

    Thread(target=request, daemon=True).start()
    assert not inside.wait(0.1)


def test_only_changes_are_noted() -> None:
    notes: list[str] = []
    gate = Gate(lambda: notes.append("change"))
    with gate.request(changes=False):
        assert notes == []
    with gate.request():
        assert notes == ["change"]
