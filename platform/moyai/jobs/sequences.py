"""A service's sequences: where data are put back, numbers that were given are not given again.

A sequence is moved outside transactions, by who may not write a row, too: `nextval` alone is neither refused
while writes are closed nor counted. So a database that takes another's place goes on from the further of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier, Literal

from moyai.jobs.connections import Connection

_SEQUENCES = """
SELECT n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle,
       pg_sequence_last_value(c.oid)
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't' AND n.nspname <> 'moyai'
   AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = session_user)
"""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One of the owner's, those of identity columns among them."""

    increment: int
    lowest: int
    highest: int
    cycles: bool
    """Whether it begins anew at its end: then no number is further than another."""
    last: int | None
    """The number that it gave last; None: none yet."""

    def after(self, live: Sequence) -> int | None:
        """What it is to have given last, to give nothing that `live` gave; None: it is as it should be.

        Within its own bounds.
        """
        if live.last is None:
            return None
        wanted = min(max(live.last, self.lowest), self.highest)
        if self.last is None:
            return wanted
        ahead = (wanted - self.last) * (1 if self.increment > 0 else -1)
        is_further = wanted != self.last if self.cycles else ahead > 0
        return wanted if is_further else None


Sequences = Mapping[tuple[str, str], Sequence]
"""By schema and name."""


def read(connection: Connection) -> Sequences:
    """As they are now. As the owner."""
    found = connection.execute(_SEQUENCES).fetchall()
    return {(row[0], row[1]): Sequence(*row[2:]) for row in found}


def carry_over(live: Sequences, connection: Connection) -> tuple[str, ...]:
    """Have those of another database, to which `connection` is as the owner, go on from where these are; the
    names of those that were moved. What only one of the two has is left alone."""
    moved: list[str] = []
    for (schema, name), there in sorted(read(connection).items()):
        known = live.get((schema, name))
        wanted = None if known is None else there.after(known)
        if wanted is not None:
            regclass = Identifier(schema, name).as_string(connection)
            connection.execute(
                SQL("SELECT setval({}, {})").format(Literal(regclass), Literal(wanted))
            )
            moved.append(name if schema == "public" else f"{schema}.{name}")
    return tuple(moved)
