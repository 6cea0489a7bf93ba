"""Heads of chains are kept where nobody can change them, and show what the database alone hides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError
from persons import plan
from tests.planned import create
from tests.sample import SAMPLE

from moyai.audit.anchors import Anchor
from moyai.engine.sites import EmbeddedSite
from moyai.operations.audit.anchoring import Anchoring, anchor_now
from moyai.operations.audit.behind import lost_anchors
from moyai.operations.audit.chains import anchors_known, verify_chains
from moyai.operations.audit.vault import NoVault, Vault, anchors_of, vault_of
from moyai.operations.database.anchoring import ANCHORS, my_turn, soon
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.site.session import Session
from moyai.operations.site.workspace import Workspace
from moyai.planning import names
from moyai.registry.load import require

FEDERATION = "federation"


class Anchored:
    """Chains, the site whose bucket keeps their heads, and somebody who owns the tables."""

    def __init__(self, places: Logins, workspace: Workspace) -> None:
        self.workspace = workspace
        self.operator = open_engine(places.of("moyai_operator"))
        self.worker = open_engine(places.of("moyai_worker"))
        self._owner = open_engine(places.url, role="moyai_owner")
        with self.operator.begin() as connection:
            self.operation = create(connection, plan(), None)

    @property
    def vault(self) -> Vault:
        return vault_of(self.workspace)

    def move(self) -> None:
        """One more record in the federation's chain, and in that of the first body."""
        of_one = replace(plan(), bodies=plan().bodies[:1])
        with self.operator.begin() as connection:
            create(connection, of_one, None)

    def tamper(self, *statements: str) -> None:
        with self._owner.begin() as connection:
            connection.execute(sa.text("ALTER TABLE moyai.audit DISABLE TRIGGER ALL"))
            connection.execute(sa.text("ALTER TABLE moyai.audit NO FORCE ROW LEVEL SECURITY"))
            for statement in statements:
                connection.execute(sa.text(statement))

    def findings(self, *, anchors: bool = True) -> set[tuple[str, str]]:
        known = anchors_known(self.operator, self.workspace, None) if anchors else {}
        looked = verify_chains(self.operator, None, known)
        return {(one.chain, finding.kind) for one in looked for finding in one.findings}

    def close(self) -> None:
        for one in (self.operator, self.worker, self._owner):
            one.dispose()


@pytest.fixture
def anchored(
    places: Logins, sandbox: EmbeddedSite, aws: Callable[..., Any], tmp_path: Path
) -> Iterator[Anchored]:
    # A federation of the test's own: nothing can be taken out of its bucket again.
    known = require(SAMPLE)
    federation = replace(known.federation, slug=f"t{time.time_ns() % 10**10}")
    workspace = Workspace(replace(known, federation=federation), sandbox.site, sandbox, tmp_path)
    found = Anchored(places, workspace)
    yield found
    found.close()


def make_bucket(
    anchored: Anchored, aws: Callable[..., Any], mode: str = "COMPLIANCE", days: int = 2
) -> str:
    workspace, s3 = anchored.workspace, aws("s3")
    bucket = names.shared_buckets(workspace.registry.federation, workspace.site)["trail"]
    place = {"LocationConstraint": workspace.site.region}
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True
    )
    rule = {"DefaultRetention": {"Mode": mode, "Days": days}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return bucket


def test_only_heads_that_moved_are_anchored(anchored: Anchored, aws: Callable[..., Any]) -> None:
    make_bucket(anchored, aws)
    vault = anchored.vault
    first = anchor_now(anchored.operator, vault)
    assert len(first) == 4
    assert [one.chain for one in first] == sorted(one.chain for one in first)
    assert anchor_now(anchored.operator, vault) == ()
    anchored.move()
    moved = [one.chain for one in anchor_now(anchored.worker, vault)]
    assert moved == [f"body:{plan().bodies[0].code}", FEDERATION]
    session = Session(anchored.workspace, cast("Any", None), cast("Any", None))
    kept = anchors_of(session, FEDERATION)
    assert [one.seq for one in kept] == [1, 2]
    assert anchored.findings() == set()
    s3 = aws("s3")
    for one in s3.list_object_versions(Bucket=vault.bucket)["Versions"]:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=vault.bucket, Key=one["Key"], VersionId=one["VersionId"])


def test_what_has_not_moved_is_anchored_again_before_its_lock_ends(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws, days=1)  # half of it is no day at all
    first = anchor_now(anchored.operator, anchored.vault)
    again = anchor_now(anchored.operator, anchored.vault)
    assert [one.sha256 for one in again] == [one.sha256 for one in first]
    kept = anchored.vault.anchors()
    assert all(len(anchors) == 1 for anchors in kept.values()), "one anchor, by its first moment"


def test_a_chain_cut_off_with_its_head_is_found(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws)
    anchored.move()
    anchor_now(anchored.operator, anchored.vault)
    anchored.tamper(
        "DELETE FROM moyai.audit WHERE chain = 'federation' AND seq = 2",
        "UPDATE moyai.audit_head SET seq = 1, sha256 = (SELECT sha256 FROM moyai.audit "
        "WHERE chain = 'federation' AND seq = 1) WHERE chain = 'federation'",
    )
    assert anchored.findings(anchors=False) == {(FEDERATION, "lacking")}, "the tables know better"
    assert anchored.findings() == {(FEDERATION, "cut"), (FEDERATION, "lacking")}


def test_a_chain_that_is_gone_is_found(anchored: Anchored, aws: Callable[..., Any]) -> None:
    make_bucket(anchored, aws)
    anchor_now(anchored.operator, anchored.vault)
    anchored.tamper(
        "DELETE FROM moyai.audit WHERE chain = 'federation'",
        "DELETE FROM moyai.audit_head WHERE chain = 'federation'",
    )
    assert anchored.findings(anchors=False) == {(FEDERATION, "lacking")}
    assert anchored.findings() == {(FEDERATION, "cut"), (FEDERATION, "lacking")}


def test_a_marker_of_deletion_hides_no_anchor(anchored: Anchored, aws: Callable[..., Any]) -> None:
    bucket = make_bucket(anchored, aws)
    anchor_now(anchored.operator, anchored.vault)
    s3 = aws("s3")
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=one["Key"])
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert len(anchored.vault.anchors(FEDERATION)[FEDERATION]) == 1


def test_a_bucket_that_locks_nothing_is_refused(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    with pytest.raises(NoVault, match="not there yet"):
        anchor_now(anchored.operator, anchored.vault)
    assert anchored.findings() == set(), "nothing was anchored: there is nothing to compare with"
    make_bucket(anchored, aws, "GOVERNANCE")
    with pytest.raises(NoVault, match="would prove nothing"):
        anchor_now(anchored.operator, anchored.vault)


def test_a_bucket_that_went_after_anchors_were_put_is_trouble(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws)
    anchor_now(anchored.operator, anchored.vault)
    federation = replace(anchored.workspace.registry.federation, slug="another")
    anchored.workspace = replace(
        anchored.workspace, registry=replace(anchored.workspace.registry, federation=federation)
    )
    with pytest.raises(NoVault):
        anchored.findings()


def test_one_worker_at_a_time_anchors_and_what_failed_is_tried_again_soon(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    said: list[str] = []
    given = (anchored.worker, lambda: anchored.vault, lambda: 60, said.append)
    one, other = Anchoring(*given), Anchoring(*given)
    one.look()
    other.look()
    assert len(said) == 1
    assert "not there yet" in said[0]
    make_bucket(anchored, aws)
    with anchored.worker.begin() as connection:
        assert not my_turn(connection, ANCHORS, 3600), "in five minutes"
        soon(connection, ANCHORS, 0)
    one.look()
    assert len(anchored.vault.anchors()) == 4
    anchored.move()
    other.look()
    assert len(anchored.vault.anchors(FEDERATION)[FEDERATION]) == 1, "it is not time yet"


def test_an_approval_and_a_hold_are_anchored_soon_but_not_each_by_itself(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws)
    anchoring = Anchoring(anchored.worker, lambda: anchored.vault, lambda: 60, lambda _: None)

    def seqs() -> list[int]:
        anchoring.look()
        return [one.seq for one in anchored.vault.anchors(FEDERATION)[FEDERATION]]

    def approve(second: int) -> None:
        with anchored.operator.begin() as connection:
            connection.execute(
                sa.text(
                    "SELECT moyai.approve(id, 'plan', 'shonin@example.jp', plan_sha256, 's', "
                    "date_trunc('second', now()) - :s * interval '1 second', false) FROM moyai.operation "
                    "WHERE id = :id"
                ),
                {"id": anchored.operation, "s": second},
            )

    def later() -> None:
        anchored.tamper("UPDATE moyai.turn SET next_at = now() WHERE name = 'anchors early'")

    assert seqs() == [1]
    anchored.move()
    assert seqs() == [1], "a plan alone waits for its time"
    approve(0)
    assert seqs() == [1, 3]
    approve(1)
    assert seqs() == [1, 3], "not within a minute"
    later()
    assert seqs() == [1, 3, 4]
    later()
    assert seqs() == [1, 3, 4], "nothing was asked for since"
    with anchored.worker.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT moyai.conduct(:id, CAST(xmin AS text), 'running', NULL, '[]', '[]', '{}') "
                "FROM moyai.operation WHERE id = :id"
            ),
            {"id": anchored.operation},
        )
    assert seqs() == [1, 3, 4], "that it runs is no end"
    with anchored.worker.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT moyai.conduct(:id, CAST(xmin AS text), 'held', NULL, '[]', '[]', '{}') "
                "FROM moyai.operation WHERE id = :id"
            ),
            {"id": anchored.operation},
        )
    assert seqs() == [1, 3, 4, 6]


def test_what_was_anchored_is_never_changed_on_record(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    make_bucket(anchored, aws)
    anchor_now(anchored.operator, anchored.vault)
    for statement in ("DELETE FROM moyai.anchor", "UPDATE moyai.anchor SET seq = 9"):
        for engine in (anchored.worker, anchored.operator, anchored._owner):
            with engine.begin() as connection, pytest.raises(sa.exc.DBAPIError):
                connection.execute(sa.text(statement))


def test_of_many_chains_all_anchors_are_listed_at_once(
    anchored: Anchored, aws: Callable[..., Any]
) -> None:
    """As many requests as chains take minutes at a worker's start, of all bodies at work."""
    make_bucket(anchored, aws)
    vault, asked = anchored.vault, list[str]()
    events = vault.client.meta.events
    events.register("before-send.s3", lambda request, **_: asked.append(request.url))
    first = {one.chain: (one.seq, one.sha256) for one in anchor_now(anchored.worker, vault)}
    anchored.move()
    anchor_now(anchored.worker, vault)
    [chain, other, *_] = sorted(first)
    strange = [Anchor(one, 99, "f" * 64, datetime.now(UTC)) for one in (chain, other)]
    for one in strange:
        vault.put(one)
    found = vault.behind_all(first)
    by_chain = [one for each in sorted(first) for one in vault.behind(each, first[each])]
    assert list(found) == by_chain
    assert len(found) == 4, "two that moved, two that nobody knows"
    del asked[:]
    many = [FEDERATION, chain, *(f"body:{code}" for code in range(900_000, 900_064))]
    assert [one.chain for one in lost_anchors(anchored.worker, vault, many)] == [chain]
    assert len(asked) == 1
    lost_anchors(anchored.worker, vault, many[:9])
    assert len(asked) == 10, "of few chains each is asked for by itself"
