"""Records are canonical JSON that the database itself writes, the same as Python's."""

from __future__ import annotations

import json

import psycopg
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moyai.audit.details import checked, plain
from moyai.audit.pieces import pieces
from moyai.canonical_json import canonical
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.lease import conninfo
from moyai.operations.fleet.chains import verify_chains
from moyai.registry.models import JsonValue

KEYS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=5)
PLAIN: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(details=st.dictionaries(KEYS, PLAIN))
def test_canonical_json_is_the_same_in_the_database(
    lasting: Logins, details: dict[str, JsonValue]
) -> None:
    kept = plain(checked(details))
    with psycopg.connect(conninfo(lasting.url)) as owner:
        owner.execute("SET ROLE moyai_owner")
        found = owner.execute(
            "SELECT moyai.canonical(%s::jsonb)", (json.dumps(kept, ensure_ascii=False),)
        ).fetchone()
    assert found == (canonical(kept).decode(),)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(details=st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), PLAIN, max_size=3))
def test_pieces_of_a_record_give_its_values_and_none_of_its_bytes(
    lasting: Logins, details: dict[str, JsonValue]
) -> None:
    """For functions of the owner's: as `audit.pieces` writes them, or with other bytes of the same values."""
    chain = "body:100009"
    parts = pieces(
        chain,
        actor="operator:a@example.jp",
        action="runbook.step",
        operation=None,
        plan_sha256=None,
        code="100009",
        step="one",
        attempt=1,
        result="done",
        details=details,
    )
    spaced = (parts[0].replace("{", "{ ", 1), *parts[1:3], parts[3].replace("}", " }"))
    record = sa.text("SELECT moyai.record(:chain, CAST(:pieces AS jsonb))")
    owner, auditor = open_engine(lasting.url, role="moyai_owner"), lasting.of("moyai_auditor")
    with owner.begin() as connection:
        for one in (parts, spaced):
            connection.execute(record, {"chain": chain, "pieces": json.dumps(one)})
    owner.dispose()
    engine = open_engine(auditor)
    with engine.connect() as connection:
        found = newest(connection, chain, 2)
    looked = list(verify_chains(engine, chain))
    engine.dispose()
    assert [(one.step, one.details) for one in found] == [("one", checked(details))] * 2
    assert [one.findings for one in looked] == [()]
