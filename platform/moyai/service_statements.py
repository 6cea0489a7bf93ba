"""What a service's migrations, health check and metering cannot say: jobs and validation agree.

A job runs them inside its own transaction and session, as a role that it chose. Source for what
cannot run in a transaction: the pages of PostgreSQL's manual about each command.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from moyai.sql_text import FlawKind, Statement, scan
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that cannot stand in a text, and why. Lines and columns count from 1."""

    line: int
    column: int
    reason: Text


@dataclass(frozen=True, slots=True)
class _Rule:
    parts: tuple[str, ...]
    """What begins a statement, and what follows somewhere after it."""
    reason: Text
    alone_too: bool
    """Whether it holds where each statement is its own transaction."""


# A statement's first words; * is anything.
_TRANSACTION = """begin; start transaction; commit; end; rollback; abort; savepoint; release;
prepare transaction; set transaction; set session characteristics"""
_ROLE = "set role; set session authorization; set session_authorization; reset role; " + (
    "reset session authorization; reset session_authorization"
)
_GIVEN = """grant; alter default privileges; reassign owned; drop owned;
create role; alter role; drop role; create user; alter user; drop user;
create group; alter group; drop group; create database; alter database; drop database"""
_NOT_INSIDE = """vacuum; alter system; create tablespace; drop tablespace;
create index concurrently; create unique index concurrently; drop index concurrently;
reindex * concurrently; reindex concurrently; reindex schema; reindex database; reindex system;
alter table * detach partition * concurrently; create subscription; drop subscription;
discard all"""
_COPY = "copy"

_SCOPE = re.compile(r"set (?:local|session) (?!authorization|characteristics)")


def _rules(
    phrases: str, ja: str, en: str, *, alone_too: bool = True
) -> Iterator[tuple[str, _Rule]]:
    for phrase in (" ".join(phrase.split()) for phrase in phrases.split(";")):
        parts = tuple(f"{part.strip()} " for part in phrase.split("*"))
        shown = phrase.upper().replace("*", "…")
        text = Text(f"{shown} は書けません: {ja}", f"{shown} cannot stand here: {en}")
        yield phrase.split()[0], _Rule(parts, text, alone_too)


def _by_first_word(rules: Iterable[tuple[str, _Rule]]) -> Mapping[str, list[_Rule]]:
    found: defaultdict[str, list[_Rule]] = defaultdict(list)
    for word, rule in rules:
        found[word].append(rule)
    return found


_RULES = _by_first_word(
    (
        *_rules(
            _TRANSACTION,
            "トランザクションはジョブが始め、ジョブが終えます",
            "the job begins and ends the transaction",
        ),
        *_rules(_ROLE, "ロールはジョブが選びます", "the job chooses the role"),
        *_rules(
            _GIVEN,
            "ロール、権限、データベースは Moyai が用意します",
            "Moyai makes roles, privileges and databases",
        ),
        *_rules(
            _NOT_INSIDE,
            "トランザクションの中では動きません",
            "it cannot run in a transaction",
            alone_too=False,
        ),
        *_rules(
            _COPY,
            "ジョブには読み書きするファイル、プログラム、相手がありません",
            "a job has no file, program or client to copy from or to",
        ),
    )
)
_FLAWS: Mapping[FlawKind, Text] = {
    "nul": Text("NUL バイトは書けません", "there is a NUL byte"),
    "backslash": Text(
        "psql の命令（\\ で始まる）は書けません: 実行するのは psql ではありません",
        "a psql command (\\…) cannot stand here: it is not psql that runs this",
    ),
    "string": Text("文字列の引用符 ' が閉じていません", "the quote ' of a string is not closed"),
    "identifier": Text('名前の引用符 " が閉じていません', 'the quote " of a name is not closed'),
    "dollar": Text("ドル引用符が閉じていません", "the dollar quote is not closed"),
    "comment": Text("注釈 /* が閉じていません", "the comment /* is not closed"),
}


def refusals(sql: str, *, transaction: bool = True) -> tuple[Refusal, ...]:
    """What cannot stand in a text, in its order; nothing where jobs can run it as it is.

    `transaction` says whether the text is one transaction, or each statement its own.
    """
    script = scan(sql)
    found = [(flaw.offset, _FLAWS[flaw.kind]) for flaw in script.flaws]
    for statement in script.statements:
        reason = _reason(statement, transaction)
        if reason is not None:
            found.append((statement.offset, reason))
    if not found:
        return ()
    lines = [0, *(end.end() for end in re.finditer("\n", sql))]
    return tuple(_placed(lines, offset, reason) for offset, reason in sorted(found, key=_offset))


def _offset(found: tuple[int, Text]) -> int:
    return found[0]


def _reason(statement: Statement, transaction: bool) -> Text | None:
    rules = _RULES.get(statement.words[0])
    if rules is None:
        return None
    head = _SCOPE.sub("set ", f"{' '.join(statement.words)} ", count=1)
    for rule in rules:
        if (transaction or rule.alone_too) and _is_said(rule.parts, head):
            return rule.reason
    return None


def _is_said(parts: tuple[str, ...], head: str) -> bool:
    begin, *more = parts
    if not head.startswith(begin):
        return False
    place = len(begin)
    for part in more:
        place = head.find(f" {part}", place - 1) + 1
        if not place:
            return False
        place += len(part)
    return True


def _placed(lines: list[int], offset: int, reason: Text) -> Refusal:
    line = bisect_right(lines, offset)
    return Refusal(line, offset - lines[line - 1] + 1, reason)
