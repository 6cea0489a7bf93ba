"""Audit chains in the database: exports verify alone, and changes behind Moyai's back are found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from persons import PLANNER, plan, registry
from tests.planned import create

from moyai.errors import UsageError
from moyai.operations.audit.chains import (
    chain_named,
    export,
    show,
    verify_chains,
    verify_files,
)
from moyai.operations.audit.passing import Looked
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.writing import want

CHAIN = "federation"


class Records:
    """Chains of an operation, and somebody who owns the tables."""

    def __init__(self, places: Logins) -> None:
        self.auditor = open_engine(places.of("moyai_auditor"))
        self._owner = open_engine(places.url, role="moyai_owner")
        writer = open_engine(places.of("moyai_operator"))
        with writer.begin() as connection:
            self.operation = create(connection, plan(), None)
        for number in range(6):
            with writer.begin() as connection:
                wanted = "run" if number % 2 else "pause"
                want(connection, self.operation, wanted, f"operator:{PLANNER}")
        writer.dispose()

    def tamper(self, *statements: str, **given: object) -> None:
        """What the tables' owner can do once the trigger is away."""
        with self._owner.begin() as connection:
            connection.execute(sa.text("ALTER TABLE moyai.audit DISABLE TRIGGER ALL"))
            connection.execute(sa.text("ALTER TABLE moyai.audit NO FORCE ROW LEVEL SECURITY"))
            for statement in statements:
                connection.execute(sa.text(statement), given)

    def content(self, seq: int) -> str:
        with self.auditor.connect() as connection:
            found = connection.execute(
                sa.text("SELECT content FROM moyai.audit WHERE chain = :c AND seq = :s"),
                {"c": CHAIN, "s": seq},
            )
            return str(found.scalar_one())

    def looked(self) -> Looked:
        return next(one for one in verify_chains(self.auditor) if one.chain == CHAIN)

    def kinds(self) -> set[tuple[str, int | None]]:
        return {(one.kind, one.seq) for one in self.looked().findings}


@pytest.fixture
def chains(places: Logins) -> Iterator[Records]:
    found = Records(places)
    yield found
    found.auditor.dispose()
    found._owner.dispose()


def test_chains_that_nobody_touched_are_whole(chains: Records) -> None:
    found = list(verify_chains(chains.auditor))
    assert [one.chain for one in found] == [*sorted(one.chain for one in found)]
    assert len(found) == 4
    assert all(one.findings == () for one in found)
    assert chains.looked().records == 7
    newest = show(chains.auditor, CHAIN, 2)
    assert [one.seq for one in newest] == [6, 7]
    assert newest[-1].action == "operation.run"


def test_nobody_changes_records_as_long_as_the_trigger_is_there(chains: Records) -> None:
    with (
        chains._owner.connect() as connection,
        pytest.raises(sa.exc.DBAPIError, match="never changed"),
    ):
        connection.execute(sa.text("DELETE FROM moyai.audit"))


def _swap(first: str, second: str) -> tuple[str, ...]:
    where = f"WHERE chain = '{CHAIN}' AND seq ="
    return tuple(
        f"UPDATE moyai.audit SET seq = {after} {where} {before}"
        for before, after in ((first, "0"), (second, first), ("0", second))
    )


OF = f"WHERE chain = '{CHAIN}' AND seq ="
TAMPERINGS: dict[str, tuple[tuple[str, ...], set[tuple[str, int | None]]]] = {
    "content": (
        (f"UPDATE moyai.audit SET content = replace(content, 'pause', 'purse') {OF} 2",),
        {("changed", 2)},
    ),
    "moment": (
        (f"UPDATE moyai.audit SET at = at + interval '1 hour' {OF} 3",),
        {("changed", 3), ("unlinked", 3)},
    ),
    "hash": (
        (f"UPDATE moyai.audit SET sha256 = repeat('0', 64) {OF} 4",),
        {("changed", 4), ("unlinked", 4), ("unlinked", 5)},
    ),
    "one deleted": ((f"DELETE FROM moyai.audit {OF} 5",), {("missing", 5)}),
    "first deleted": ((f"DELETE FROM moyai.audit {OF} 1",), {("missing", 1)}),
    "last deleted": ((f"DELETE FROM moyai.audit {OF} 7",), {("cut", 7)}),
    "all deleted": ((f"DELETE FROM moyai.audit WHERE chain = '{CHAIN}'",), {("cut", 1)}),
    "order": (_swap("2", "3"), {("changed", 2), ("changed", 3)}),
    "head set back": (
        (f"UPDATE moyai.audit_head SET seq = 5 WHERE chain = '{CHAIN}'",),
        {("unanchored", 5), ("unanchored", 6)},
    ),
    "head deleted": (
        (f"DELETE FROM moyai.audit_head WHERE chain = '{CHAIN}'",),
        {("unanchored", 1)},
    ),
    "another chain's": (
        (
            f"DELETE FROM moyai.audit {OF} 1",
            "INSERT INTO moyai.audit SELECT 'federation', 1, at, content, sha256 "
            "FROM moyai.audit WHERE chain LIKE 'body:%' LIMIT 1",
        ),
        {("changed", 1)},
    ),
    "no JSON": ((f"UPDATE moyai.audit SET content = '[1' {OF} 6",), {("changed", 6)}),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_changes_behind_our_back_are_found(chains: Records, name: str) -> None:
    statements, wanted = TAMPERINGS[name]
    chains.tamper(*statements)
    assert chains.kinds() >= wanted
    others = [one for one in verify_chains(chains.auditor) if one.chain != CHAIN]
    assert all(one.findings == () for one in others)


def test_another_way_to_write_the_same_is_a_change(chains: Records) -> None:
    content = chains.content(7).replace('"result":', '"result": ')
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    chains.tamper(
        f"UPDATE moyai.audit SET content = :content, sha256 = :sha256 {OF} 7",
        f"UPDATE moyai.audit_head SET sha256 = :sha256 WHERE chain = '{CHAIN}'",
        content=content,
        sha256=sha256,
    )
    assert ("changed", 7) in chains.kinds()


def test_an_export_of_one_body_verifies_alone_and_shows_what_was_changed_in_it(
    chains: Records, tmp_path: Path
) -> None:
    code = plan().bodies[0].code
    chain, name = chain_named(chains.auditor, registry(), code)
    file = tmp_path / "body.jsonl"
    made = export(chains.auditor, "f", chain, name, file, "ja")
    assert made.looked.findings == ()
    [(_, looked)] = verify_files([file])
    assert (looked.findings, looked.records, looked.chain) == ((), 7, f"body:{code}")
    with pytest.raises(UsageError, match="there already"):
        export(chains.auditor, "f", chain, name, file, "ja")
    file.write_bytes(file.read_bytes().replace(b"operation.plan", b"operation.plot"))
    [(_, looked)] = verify_files([file])
    assert [one.kind for one in looked.findings] == ["changed"]


def test_an_export_of_a_broken_chain_says_so_and_is_written(
    chains: Records, tmp_path: Path
) -> None:
    chains.tamper(f"UPDATE moyai.audit SET content = replace(content, 'run', 'ran') {OF} 3")
    made = export(chains.auditor, "f", CHAIN, "f", tmp_path / "f.jsonl", "ja")
    assert made.looked.findings
    [(_, looked)] = verify_files([tmp_path / "f.jsonl"])
    assert looked.findings
    page = export(chains.auditor, "f", CHAIN, "f", tmp_path / "f.html", "en")
    assert page.looked.findings[0].what.en in page.file.read_text(encoding="utf-8")


def test_a_body_that_left_the_file_has_its_chain_by_its_code(chains: Records) -> None:
    code = plan().bodies[0].code
    without = [body for body in registry().tenants if body.code != code]
    left = replace(registry(), tenants=tuple(without))
    assert chain_named(chains.auditor, left, code) == (f"body:{code}", code)
    with pytest.raises(UsageError):
        chain_named(chains.auditor, left, "999999")


def test_a_proposal_about_one_body_is_not_named_in_the_chain_of_another(places: Logins) -> None:
    first, second = plan().bodies[:2]
    subject = f"{first.code} {first.name}"
    writer = open_engine(places.of("moyai_operator"))
    with writer.begin() as connection:
        create(connection, replace(plan(), kind="edit", subject=subject), None)
    told = {}
    with writer.connect() as connection:
        for chain in ("federation", f"body:{first.code}", f"body:{second.code}"):
            [record] = newest(connection, chain, 1)
            told[chain] = record.details.get("subject")
    writer.dispose()
    assert list(told.values()) == [subject, subject, None]
