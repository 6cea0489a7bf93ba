"""Records are canonical JSON that the database itself writes, the same as Python's."""

from __future__ import annotations

import json

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moyai.audit.details import checked, plain
from moyai.canonical_json import canonical
from moyai.json_value import JsonValue
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins

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
