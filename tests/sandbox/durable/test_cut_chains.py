"""A chain that is cut off together with its head is whole in itself: the others and the tables know better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from telling import Office

from moyai.operations.audit.chains import verify_chains
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.registry.operation_settings import Notifications

CODE = "100001"
CUT = (
    "DELETE FROM moyai.audit WHERE chain = :chain AND seq >= :seq",
    "DELETE FROM moyai.audit_head WHERE chain = :chain",
    "INSERT INTO moyai.audit_head SELECT chain, seq, sha256 FROM moyai.audit WHERE chain = :chain "
    "ORDER BY seq DESC LIMIT 1",
)


class Site:
    """An operation that is over, and somebody who owns the tables."""

    def __init__(self, places: Logins, folder: Path) -> None:
        self._engines = [open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker")]
        self.owner = open_engine(places.url, role="moyai_owner")
        self.auditor = open_engine(places.of("moyai_auditor"))
        office = Office(*self._engines, self.owner, folder, Notifications())
        self.operation = office.plan(make_plan(folder, 3))
        self._approve(self.operation)
        office.go_on()
        assert office.rows("SELECT DISTINCT status FROM moyai.body") == [("done",)]
        assert self.findings() == set()
        self.sql(
            "ALTER TABLE moyai.audit DISABLE TRIGGER ALL",
            "ALTER TABLE moyai.audit NO FORCE ROW LEVEL SECURITY",
            "CREATE TABLE moyai.kept AS SELECT * FROM moyai.audit",
            "CREATE TABLE moyai.kept_head AS SELECT * FROM moyai.audit_head",
        )

    def mend(self) -> None:
        """All records are there again."""
        self.sql(
            "DELETE FROM moyai.audit",
            "DELETE FROM moyai.audit_head",
            "INSERT INTO moyai.audit SELECT * FROM moyai.kept",
            "INSERT INTO moyai.audit_head SELECT * FROM moyai.kept_head",
        )

    def _approve(self, operation: str) -> None:
        for subject in ("plan", f"body:{CODE}"):
            with self._engines[0].begin() as connection:
                connection.execute(
                    sa.text(
                        "SELECT moyai.approve(id, :subject, 'shonin@example.jp', plan_sha256, 'signed', "
                        "date_trunc('second', now()), false) FROM moyai.operation WHERE id = :id"
                    ),
                    {"id": operation, "subject": subject},
                )

    def findings(self) -> set[tuple[str, str]]:
        return {
            (finding.chain, finding.kind)
            for one in verify_chains(self.auditor)
            for finding in one.findings
            if finding.kind != "unproved"
        }

    def cut(self, chain: str, action: str, words: str = "") -> None:
        """The first such record, and all behind it."""
        with self.owner.begin() as connection:
            found = connection.execute(
                sa.text(
                    "SELECT min(seq) FROM moyai.audit WHERE chain = :chain AND content::jsonb->>'action' "
                    "LIKE :action AND position(:words IN content) > 0"
                ),
                {"chain": chain, "action": action, "words": words},
            )
            seq = found.scalar_one()
            assert seq is not None, f"{chain} has no {action}"
            for statement in CUT:
                connection.execute(sa.text(statement), {"chain": chain, "seq": seq})

    def sql(self, *statements: str) -> None:
        with self.owner.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def close(self) -> None:
        for one in (*self._engines, self.owner, self.auditor):
            one.dispose()


@pytest.fixture(scope="module")
def cut(lasting: Logins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = Site(lasting, tmp_path_factory.mktemp("cut"))
    yield found
    found.close()


@pytest.fixture
def site(cut: Site) -> Iterator[Site]:
    yield cut
    cut.mend()


RECORDS = (
    ("operation.plan", ""),
    ("operation.approve", '"subject":"plan"'),
    ("operation.approve", '"subject":"body:'),
    ("operation.begin", ""),
    ("%.step", ""),
    ("%.body", ""),
)


@pytest.mark.parametrize(("action", "words"), RECORDS)
def test_a_body_s_chain_that_was_cut_off_there_lacks_it(
    site: Site, action: str, words: str
) -> None:
    site.cut(f"body:{CODE}", action, words)
    assert site.findings() == {(f"body:{CODE}", "lacking")}


@pytest.mark.parametrize(("action", "words"), RECORDS[:3])
def test_so_does_the_federation_s(site: Site, action: str, words: str) -> None:
    site.cut("federation", action, words)
    assert site.findings() == {("federation", "lacking")}


def test_of_one_chain_alone_the_tables_tell(site: Site) -> None:
    site.cut(f"body:{CODE}", "operation.begin")
    [looked] = verify_chains(site.auditor, f"body:{CODE}")
    assert [one.kind for one in looked.findings if one.kind != "unproved"] != []
    [looked] = verify_chains(site.auditor, "federation")
    assert {one.kind for one in looked.findings} <= {"unproved"}


def test_without_the_tables_chains_still_tell_of_each_other(site: Site) -> None:
    site.sql("TRUNCATE moyai.operation CASCADE")
    assert site.findings() == set()
    site.cut(f"body:{CODE}", "operation.plan")
    assert site.findings() == {(f"body:{CODE}", "lacking")}
    site.cut("federation", "operation.plan")
    assert ("federation", "lacking") in site.findings()


def test_what_a_person_asked_for_and_a_line_of_evidence_stand_in_both_chains(site: Site) -> None:
    sha = "e" * 64
    lines = [
        {
            "chain": chain,
            "actor": "person:u@h",
            "action": "hand.psql",
            "plan_sha256": None,
            "step": None,
            "result": "begun",
            "details": {"evidence_sha256": sha, **codes},
        }
        for chain, codes in ((f"body:{CODE}", {}), ("federation", {"codes": [CODE]}))
    ]
    with site.owner.begin() as connection:
        connection.execute(
            sa.text("SELECT moyai.note_deed(:key, 1, :sha, CAST(:lines AS jsonb))"),
            {
                "key": "d20261127-150216-ee22439a.0123456789abcdef",
                "sha": sha,
                "lines": json.dumps(lines),
            },
        )
    assert site.findings() == set()
    site.sql("CREATE TABLE moyai.noted AS SELECT * FROM moyai.audit")
    site.sql("CREATE TABLE moyai.noted_head AS SELECT * FROM moyai.audit_head")
    for chain in (f"body:{CODE}", "federation"):
        site.cut(chain, "hand.psql")
        assert site.findings() == {(chain, "lacking")}
        site.sql(
            "DELETE FROM moyai.audit",
            "DELETE FROM moyai.audit_head",
            "INSERT INTO moyai.audit SELECT * FROM moyai.noted",
            "INSERT INTO moyai.audit_head SELECT * FROM moyai.noted_head",
        )
