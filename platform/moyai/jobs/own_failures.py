"""What is told of a failed statement of a service's own: nothing that residents' data can be in.

PostgreSQL's sentences quote values (`invalid input syntax for type integer: "…"`), a migration may raise
whatever it has read, under any SQLSTATE and with any names in the error's fields. So a sentence is never
told, and a name only where the service's file or the catalogue has it. The whole error is in the log
of the job, which is the body's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import psycopg

from moyai.jobs.connections import CONNECTION, sqlstate_of
from moyai.sql_text import scan
from moyai.texts import Text

MARK = "MOYAI-SQL "
"""Begins the log's line with the whole error."""
_ABOUT_NAMES = frozenset(
    {
        *("42601", "42701", "42702", "42703", "42704", "42710", "42723", "42725", "42804", "42809"),
        *("42846", "42883", "42P01", "42P02", "42P06", "42P07", "42P16", "2BP01", "3F000"),
    }
)
"""Errors whose sentences quote what statements are about: objects that are or are not there, types, syntax."""
_QUOTED = re.compile(r'"([^"]+)"|([^\W\d][\w.]*)(?=\()')
_WORDS = re.compile(r"[^\W\d][\w$]*")
_LOG_LIMIT = 900
"""Characters of each part in the log: ECS cuts lines after 16 KiB."""
_MOST = 6


@dataclass(frozen=True, slots=True)
class Told:
    """Of a failed statement."""

    sqlstate: str
    """PostgreSQL's own, `other`, or `connection` where there is none."""
    condition: str
    """`UniqueViolation`."""
    statement: int | None
    """Which of the file's statements, from 1."""
    line: int | None
    """Where in the file it is, or what is wrong with it."""
    names: tuple[str, ...]
    """Tables, columns, constraints that it is about."""

    @property
    def words(self) -> Text:
        """All of it, for a sentence's brackets."""
        coded = "" if self.sqlstate == CONNECTION else f", SQLSTATE {self.sqlstate}"
        ja, en = [f"{self.condition}{coded}"], [f"{self.condition}{coded}"]
        if self.statement is not None:
            ja.append(f"{self.statement} 番目の文")
            en.append(f"statement {self.statement}")
        if self.line is not None:
            ja.append(f"{self.line} 行目")
            en.append(f"line {self.line}")
        if self.names:
            ja.append(f"対象: {' '.join(self.names)}")
            en.append(f"about: {' '.join(self.names)}")
        return Text("、".join(ja), ", ".join(en))


def told(
    error: psycopg.Error,
    sql: str,
    statement: int | None,
    known: Callable[[Set[str]], Set[str]],
) -> Told:
    """What may be told of a statement's failure. `statement` counts from 1; `known` answers those of some
    names that the database's catalogue has."""
    mentioned = frozenset(_WORDS.findall(sql))
    candidates = dict.fromkeys(_candidates(error))
    strange = candidates.keys() - mentioned
    fine = mentioned | (known(strange) if strange else frozenset())
    names = tuple(name for name in candidates if name in fine)[:_MOST]
    return Told(sqlstate_of(error), type(error).__name__, *_place(error, sql, statement), names)


def log_line(error: psycopg.Error) -> str:
    """The whole error, for the job's own log: one line, which is no result whatever the error says."""
    diag = error.diag
    parts = {
        "sqlstate": error.sqlstate,
        "message": diag.message_primary or str(error),
        "detail": diag.message_detail,
        "hint": diag.message_hint,
        "context": diag.context,
        "position": diag.statement_position,
    }
    given = {name: part[:_LOG_LIMIT] for name, part in parts.items() if part}
    return MARK + json.dumps(given, ensure_ascii=False)


def _candidates(error: psycopg.Error) -> Iterator[str]:
    diag = error.diag
    fields = (
        diag.schema_name,
        diag.table_name,
        diag.column_name,
        diag.constraint_name,
        diag.datatype_name,
    )
    yield from (name for name in fields if name)
    if error.sqlstate in _ABOUT_NAMES:
        for quoted, called in _QUOTED.findall(diag.message_primary or ""):
            yield from (quoted or called).split(".")


def _place(error: psycopg.Error, sql: str, statement: int | None) -> tuple[int | None, int | None]:
    """Which statement it is, and its line or that of what is wrong with it."""
    statements, position = scan(sql).statements, error.diag.statement_position
    # In characters, from 1, of the whole text, of which nothing ran where it cannot be read.
    if position is not None and position.isdigit():
        offset = int(position) - 1
        before = sum(1 for one in statements if one.offset <= offset)
        return max(before, 1), sql.count("\n", 0, offset) + 1
    if statement is None or statement > len(statements):
        return statement, None
    return statement, sql.count("\n", 0, statements[statement - 1].offset) + 1
