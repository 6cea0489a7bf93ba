"""What a failed migration tells: names of its own file and of the catalogue, and nothing that was read."""

from __future__ import annotations

import json
from collections.abc import Set

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.pq import DiagnosticField

from moyai.jobs import own_failures, results
from moyai.jobs.connections import OTHER, sqlstate_of, statement_failed
from moyai.texts import Text

SQL = """-- phase: expand
ALTER TABLE person ADD COLUMN age int;
UPDATE person SET age = note::int;

CREATE UNIQUE INDEX person_tel ON person (tel);
"""
_CODES = ("23505", "22P02", "42P01", "42703", "42601", "P0001", "23514", "XX000")
_FIELDS = (
    *("message_primary", "message_detail", "message_hint", "context", "internal_query"),
    *("schema_name", "table_name", "column_name", "datatype_name", "constraint_name"),
)
_values = st.from_regex(r"[☆山田太郎a-z@. \"(]{0,6}秘[a-z0-9]{3}", fullmatch=True)


def _error(code: str, **said: str) -> psycopg.Error:
    fields = {getattr(DiagnosticField, name.upper()): text.encode() for name, text in said.items()}
    known = {**fields, DiagnosticField.SQLSTATE: code.encode()}
    return psycopg.Error(said.get("message_primary", ""), info=known)  # type: ignore[arg-type]


def _nothing(names: Set[str]) -> Set[str]:
    return frozenset()


@given(_values, st.sampled_from(_CODES), st.sampled_from([None, 1, 3]), st.sampled_from(_FIELDS))
@example("山田太郎秘abc", "42P01", 2, "message_primary")
def test_no_value_is_told_wherever_it_stands(
    value: str, code: str, statement: int | None, field: str
) -> None:
    for text in (value, f'relation "{value}" does not exist', f"function {value}(int) is not", SQL):
        error = _error(code, **{field: text, "message_hint": value})
        told = own_failures.told(error, SQL, statement, _nothing)
        failed = statement_failed(error, Text("", ""))
        for words in (told.words, failed.what):
            assert "秘" not in words.ja + words.en
        assert "秘" not in repr(told) + failed.code + repr(failed)


@given(st.from_regex(r"[A-Z0-9]{5}", fullmatch=True))
@example("YAMAD")
def test_a_code_that_is_not_postgresqls_is_not_told(code: str) -> None:
    try:
        psycopg.errors.lookup(code)
    except KeyError:
        assert sqlstate_of(_error(code)) == OTHER
    else:
        assert sqlstate_of(_error(code)) == code


def test_names_of_the_file_and_of_the_catalogue_are_told() -> None:
    error = _error("23505", table_name="person", constraint_name="person_pkey", column_name="taro")
    told = own_failures.told(error, SQL, 2, lambda names: names & {"person_pkey"})
    assert told.names == ("person", "person_pkey")
    missing = _error("42703", message_primary='column "note" of relation "persons" does not exist')
    assert own_failures.told(missing, SQL, 2, _nothing).names == ("note",)
    # Under a code whose sentences quote values nothing in quotes is a name.
    value = _error("22P02", message_primary='invalid input syntax for type integer: "note"')
    assert own_failures.told(value, SQL, 2, _nothing).names == ()


@pytest.mark.parametrize(
    ("position", "statement", "place"),
    [
        (None, 1, (1, 2)),
        (None, 2, (2, 3)),
        (None, 3, (3, 5)),
        (None, None, (None, None)),
        (str(SQL.index("note") + 1), 1, (2, 3)),
        (None, 9, (9, None)),
    ],
)
def test_the_place_is_told(
    position: str | None, statement: int | None, place: tuple[int | None, int | None]
) -> None:
    error = _error("22P02", **({} if position is None else {"statement_position": position}))
    told = own_failures.told(error, SQL, statement, _nothing)
    assert (told.statement, told.line) == place


@given(st.text(max_size=3000), st.text(max_size=3000))
def test_the_log_has_the_whole_in_one_line_that_is_no_result(message: str, detail: str) -> None:
    forged = f'\n{results.MARK}{{"ok": true}}\n{message}'.replace("\0", "")
    line = own_failures.log_line(
        _error("23505", message_primary=forged, message_detail="山" * 3000)
    )
    assert "\n" not in line
    assert len(line.encode()) < results.LINE_BYTES
    assert results.find([line]) is None
    assert json.loads(line.removeprefix(own_failures.MARK))["message"] == forged[:900]
