"""A chain that is cut off together with its head is whole in itself: the others and the tables know better."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from counting import make_plan
from telling import Office

from moyai.audit.records import genesis
from moyai.canonical_json import canonical
from moyai.errors import OperationFailed
from moyai.operations.audit.chains import export, verify_chains, verify_files
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.registry.operation_settings import Notifications

Document = dict[str, Any]
CODE = "100001"
CHAINS = ("body:100000", f"body:{CODE}", "body:100002", "federation")
PERSON, LINE = "operator:keikaku@example.jp", "e" * 64
STOPS = ("pause", "cancel", "stop")
STEERED = (
    "moyai.want(:id, 'pause', :who, 'pause', 'signed', now())",
    "moyai.release(:id, '{wave:1}', :who)",
    "moyai.want(:id, 'run', :who)",
)
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
        self._ask(self.operation, *STEERED)
        office.go_on()
        self._begin_again(office)
        assert office.rows("SELECT DISTINCT status FROM moyai.body") == [("done",)]
        self._note()
        self.stopped = {one: office.plan(make_plan(folder, 3)) for one in STOPS}
        for wanted, operation in self.stopped.items():
            self._ask(operation, f"moyai.want(:id, '{wanted}', :who)")
        assert self.findings() == set()
        self.sql(
            "ALTER TABLE moyai.audit DISABLE TRIGGER ALL",
            "ALTER TABLE moyai.audit NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE moyai.line_note DISABLE TRIGGER ALL",
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

    def _ask(self, operation: str, *asked: str) -> None:
        for words in asked:
            with self._engines[0].begin() as connection:
                connection.execute(sa.text(f"SELECT {words}"), {"id": operation, "who": PERSON})

    def _begin_again(self, office: Office) -> None:
        self.sql(f"UPDATE moyai.body SET status = 'failed' WHERE code = '{CODE}'")
        self._ask(self.operation, f"moyai.retry(:id, '{{{CODE}}}', :who)")
        office.go_on()

    def _note(self) -> None:
        """A deed by hand at one body."""
        lines = [
            {
                "chain": chain,
                "actor": "person:u@h",
                "action": "hand.psql",
                "plan_sha256": None,
                "step": None,
                "result": "begun",
                "details": {"evidence_sha256": LINE, **codes},
            }
            for chain, codes in ((f"body:{CODE}", {}), ("federation", {"codes": [CODE]}))
        ]
        key = "d20261127-150216-ee22439a.0123456789abcdef"
        note = sa.text("SELECT moyai.note_deed(:key, 1, :sha, CAST(:lines AS jsonb))")
        with self.owner.begin() as connection:
            connection.execute(note, {"key": key, "sha": LINE, "lines": json.dumps(lines)})

    def cut_all(self, action: str, words: str = "") -> None:
        """The first such record, and all behind it, out of every chain."""
        for chain in CHAINS:
            self.cut(chain, action, words)

    def told(self, words: str) -> set[str]:
        """Chains that lack something of which these words are said."""
        found = [one for looked in verify_chains(self.auditor) for one in looked.findings]
        return {one.chain for one in found if one.kind == "lacking" and words in one.what.en}

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

    def rewrite(self, chain: str, change: Callable[[list[Document]], list[Document]]) -> None:
        """A whole chain anew, with all of its hashes and its head."""
        with self.owner.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT content FROM moyai.audit WHERE chain = :chain ORDER BY seq"),
                {"chain": chain},
            )
            before = [json.loads(content) for content in rows.scalars()]
            changed, last = change(before), genesis(chain).sha256
            assert changed != before
            connection.execute(
                sa.text("DELETE FROM moyai.audit WHERE chain = :chain"), {"chain": chain}
            )
            for seq, one in enumerate(changed, 1):
                content = canonical({**one, "seq": seq, "previous_sha256": last}).decode()
                last = hashlib.sha256(content.encode()).hexdigest()
                given = {
                    "chain": chain,
                    "seq": seq,
                    "at": one["at"],
                    "content": content,
                    "sha256": last,
                }
                connection.execute(
                    sa.text(
                        "INSERT INTO moyai.audit (chain, seq, at, content, sha256) VALUES (:chain, :seq, "
                        "CAST(:at AS timestamptz), :content, :sha256)"
                    ),
                    given,
                )
            connection.execute(
                sa.text(
                    "UPDATE moyai.audit_head SET seq = :seq, sha256 = :last WHERE chain = :chain"
                ),
                {"chain": chain, "seq": len(changed), "last": last},
            )

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


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("operation.pause", f"what was asked of it (operation.pause {PERSON} 20"),
        ("operation.release", f"what was asked of it (operation.release {PERSON})"),
        ("operation.release", "that wave:1 was let go"),
        ("operation.run", f"what was asked of it (operation.run {PERSON})"),
    ],
)
def test_what_was_asked_for_and_was_taken_out_of_every_chain_the_tables_miss(
    site: Site, action: str, told: str
) -> None:
    site.cut_all(action, site.operation)
    assert site.told(told) == set(CHAINS)


@pytest.mark.parametrize("wanted", STOPS)
def test_so_they_do_a_stop_that_nobody_signed(site: Site, wanted: str) -> None:
    site.cut_all(f"operation.{wanted}", site.stopped[wanted])
    assert site.told(f"{site.stopped[wanted]}: what was asked of it last") == set(CHAINS)


def test_so_they_do_a_body_that_was_begun_again(site: Site) -> None:
    for chain in (f"body:{CODE}", "federation"):
        site.cut(chain, "operation.retry")
    asked = f"what was asked of it (operation.retry {PERSON})"
    assert site.told(asked) == {f"body:{CODE}", "federation"}


@pytest.mark.parametrize(
    "gone", [(f"body:{CODE}",), ("federation",), (f"body:{CODE}", "federation")]
)
def test_a_line_of_evidence_is_missed_by_the_other_chain_and_by_the_tables(
    site: Site, gone: tuple[str, ...]
) -> None:
    for chain in gone:
        site.cut(chain, "hand.psql")
    assert site.told(LINE) == {gone[-1]}, "which bodies it is about, the federation's chain says"


def test_an_approval_of_another_plan_is_found_in_the_site_and_in_its_export(
    site: Site, tmp_path: Path
) -> None:
    with site.owner.begin() as connection:
        put = "moyai.put_record(:chain, :who, 'operation.approve', :id, :sha, NULL, NULL, 'done', '{}')"
        given = {"chain": f"body:{CODE}", "who": PERSON, "id": site.operation, "sha": "b" * 64}
        connection.execute(sa.text(f"SELECT {put}"), given)
    assert site.findings() == {(f"body:{CODE}", "other_plan"), ("federation", "lacking")}
    export(site.auditor, "f", f"body:{CODE}", "b", tmp_path / "b.jsonl", "ja")
    [(_, looked)] = verify_files([tmp_path / "b.jsonl"])
    assert "other_plan" in {one.kind for one in looked.findings}


def test_a_login_that_may_not_ask_all_of_that_says_so(site: Site) -> None:
    site.sql("REVOKE SELECT (key, sha256) ON moyai.line_note FROM moyai_auditor")
    with pytest.raises(OperationFailed, match="may not read"):
        site.findings()
    site.sql("GRANT SELECT (key, sha256) ON moyai.line_note TO moyai_auditor")
    assert site.findings() == set()


def _of_step(change: Callable[[Document], Document]) -> Callable[[list[Document]], list[Document]]:
    def changed(records: list[Document]) -> list[Document]:
        first = next(at for at, one in enumerate(records) if one["action"].endswith(".step"))
        return [change(one) if at == first else one for at, one in enumerate(records)]

    return changed


def _turned_round(records: list[Document]) -> list[Document]:
    """Two steps of an attempt, each at the time of the other."""
    one, other, *_ = (at for at, each in enumerate(records) if each["action"].endswith(".step"))
    first, second = records[one], records[other]
    assert first["attempt"] == second["attempt"]
    found = list(records)
    found[one], found[other] = {**second, "at": first["at"]}, {**first, "at": second["at"]}
    return found


def _ended_well(records: list[Document]) -> list[Document]:
    return [
        {**one, "result": "held"} if one["action"].endswith(".body") else one for one in records
    ]


ALTERED = (
    (_of_step(lambda one: {**one, "result": "failed"}), "lacking", "how a step ended in attempt 1"),
    (_of_step(lambda one: {**one, "details": {"x": 1}}), "differs", "says something else than the"),
    (
        _of_step(lambda one: {**one, "at": "2026-01-01T00:00:00.000000+00:00"}),
        "differs",
        "by the t",
    ),
    (_turned_round, "moved", "by the tables"),
    (_ended_well, "lacking", "the body's end as done"),
)


@pytest.mark.parametrize(("change", "kind", "words"), ALTERED)
def test_what_a_record_says_is_held_against_the_tables(
    site: Site, change: Callable[[list[Document]], list[Document]], kind: str, words: str
) -> None:
    site.rewrite(f"body:{CODE}", change)
    assert site.findings() == {(f"body:{CODE}", kind)}
    [looked] = verify_chains(site.auditor, f"body:{CODE}")
    assert [one for one in looked.findings if one.kind == kind and words in one.what.en] != []


@pytest.mark.parametrize("action", ["operation.wave", "operation.status"])
def test_so_is_how_waves_and_operations_stand(site: Site, action: str) -> None:
    site.rewrite("federation", lambda found: [one for one in found if one["action"] != action])
    assert site.findings() == {("federation", "lacking")}


def test_without_the_tables_chains_still_tell_of_each_other(site: Site) -> None:
    site.sql("TRUNCATE moyai.operation, moyai.line_note CASCADE")
    assert site.findings() == set()
    site.cut(f"body:{CODE}", "operation.plan")
    assert site.findings() == {(f"body:{CODE}", "lacking")}
    site.cut("federation", "operation.plan")
    assert ("federation", "lacking") in site.findings()
