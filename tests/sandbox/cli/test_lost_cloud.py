"""An embedded cloud that lost everything it kept: all is made anew, and said, by the next deploy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from federations import DAY, Federation, make_federation

TENANT = "272027"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """One body, deployed, for all tests of this module."""
    base = tmp_path_factory.mktemp("alone")
    made = make_federation(base / "project", base / "home", (TENANT,))
    made.ok("deploy", "--as-of", DAY)
    yield made
    made.moyai("sandbox", "reset", "--yes")


@pytest.mark.parametrize("is_started_first", [True, False])
def test_a_cloud_without_a_readable_snapshot_is_built_anew(
    alone: Federation, is_started_first: bool
) -> None:
    alone.ok("sandbox", "psql", TENANT, "chat", "-c", "SELECT lo_create(4711)")
    alone.ok("sandbox", "stop")
    cloud = alone.home / "sites" / "sandbox" / "cloud"
    for one in (cloud / "snapshots").glob("*.snapshot"):
        one.write_bytes(b"garbage")
    if is_started_first:
        alone.ok("sandbox", "start")
        assert alone.statuses()[TENANT]["status"] == "unknown"
    else:
        alone.edit("daily: 35", "daily: 36")
    answer = alone.ok("deploy", "--as-of", DAY)
    assert "aws:s3/bucket:Bucket documents was gone; made anew, empty" in answer.out
    assert "moyai:index:Database chat was gone; made anew, empty" in answer.out
    assert alone.statuses()[TENANT]["status"] == "current"
    left = "SELECT 40 + count(*) FROM pg_largeobject_metadata"
    assert "40" in alone.ok("sandbox", "psql", TENANT, "chat", "-c", left).out
    assert "Nothing to do" in alone.ok("deploy", "--as-of", DAY).out
