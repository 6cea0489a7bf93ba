"""A person declares that the operations database was restored from an older copy.

What is looked up first is what the vault knows and the database does not; what is held, and what is put into
which chain, the database does itself (`moyai.restored`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import psycopg
import sqlalchemy as sa

from moyai.audit.anchors import Anchor
from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.audit.behind import lost_anchors
from moyai.operations.audit.vault import NoVault, Vault, vault_of
from moyai.operations.database.epochs import (
    Declared,
    behind,
    declared_last,
    epoch,
    held_by_it,
    restored,
)
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.people import require_bodies
from moyai.registry.models import Operator
from moyai.texts import Text, document_of

_NOT_NOW = "MY005"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known before anything is declared."""

    epoch: int
    """On record."""
    newest: int
    """That the vault knows."""
    lost: tuple[Anchor, ...]
    """Anchors that no record matches."""
    is_known: bool
    """Whether workers have found that the database is older."""
    vault: Vault | None
    """None: nothing was ever anchored."""

    @property
    def shows_it(self) -> bool:
        """Whether something shows that the database is an older copy."""
        return self.is_known or bool(self.lost) or self.newest > self.epoch

    @property
    def chains(self) -> Mapping[str, tuple[int, int]]:
        """Chain → the first and the last number of its lost anchors."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.lost:
            first, _ = found.get(one.chain, (one.seq, one.seq))
            found[one.chain] = first, one.seq
        return found


def find(office: Office) -> Found:
    """Look at the database and at the vault; nothing is changed. Raises `OperationFailed` where that does not
    answer."""
    with office.engine.connect() as connection:
        here, known = epoch(connection), behind(connection) is not None
    try:
        vault = vault_of(office.workspace)
        newest, lost = vault.epoch(), lost_anchors(office.engine, vault)
    except NoVault:
        return Found(here, here, (), known, None)
    return Found(here, newest, lost, known, vault)


def would_hold(office: Office) -> Declared:
    """What a declaration would hold now."""
    with office.engine.connect() as connection:
        return held_by_it(connection)


def last_declared(office: Office) -> tuple[Declared, frozenset[str]]:
    """The last declaration, and the codes of bodies of which records are lost. Raises `Refused` where nobody
    ever declared one."""
    with office.engine.connect() as connection:
        found = declared_last(connection)
    if found is None:
        raise Refused(
            Text(
                "運用データベースの復元は、まだ申告されていません。",
                "No restore of the operations database was ever declared.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "申告の前に見るなら moyai operation restored --dry-run です。",
                "moyai operation restored --dry-run looks before one is.",
            ),
        )
    return found


def may_declare(
    office: Office, found: Found, by: Operator, day: date, *, certain: bool = False
) -> None:
    """Raises `Refused` for who does not look after all bodies, and where nothing shows that the database is
    older, unless the person is `certain`."""
    registry = office.workspace.registry
    require_bodies(by, registry, [body.code for body in registry.tenants], day)
    if not (certain or found.shows_it):
        raise _nothing_shows_it()


def declare(
    office: Office, found: Found, by: Operator, day: date, *, certain: bool = False
) -> Declared:
    """Declare it. Raises as `may_declare`."""
    may_declare(office, found, by, day, certain=certain)
    number = max(found.epoch, found.newest) + 1
    if found.vault is not None:
        # First there, where nobody takes it away: a copy of this moment does not get the same number again.
        found.vault.put_epoch(number)
    error = {"type": "InDoubt", **{name: document_of(text) for name, text in _HELD.items()}}
    try:
        with office.engine.begin() as connection:
            return restored(connection, number, f"operator:{by.email}", found.lost, error)
    except (psycopg.Error, sa.exc.DBAPIError) as raised:
        cause = getattr(raised, "orig", None) or raised
        if getattr(cause, "sqlstate", None) == _NOT_NOW:
            raise _meanwhile() from None
        raise


_HELD = {
    "what": Text(
        "運用データベースを古い写しから戻したため、この団体に何が行われたか分かりません。",
        "the operations database was restored from an older copy: it is not known what was done with this body "
        "since.",
    ),
    "touched": Text(
        "写しのあとの作業が、実環境に残っているかもしれません。申告のあとは何も変えていません。",
        "What was done since the copy may be there; nothing was changed since the declaration.",
    ),
    "remedy": Text(
        "moyai operation restored の表示と moyai status、団体のデータベースを確かめてから、続けるなら moyai "
        "operation retry を実行してください。続けない団体は保留のままにし、要れば新しく計画してください。",
        "Look at what moyai operation restored told, at moyai status and at the body's database; then run "
        "moyai operation retry to go on with it, or leave it held and plan anew.",
    ),
}


NOTHING_SHOWS_IT = Text(
    "運用データベースが古い写しであることを示すものは、見つかりませんでした。",
    "Nothing shows that the operations database is an older copy.",
)


def _nothing_shows_it() -> Refused:
    return Refused(
        NOTHING_SHOWS_IT,
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "申告すると、待機中と実行中の団体がすべて保留になります。写しから戻したことが確かなら、"
            "--certain を付けてください。",
            "A declaration holds every body that waits or runs. Where it certainly was restored, add "
            "--certain.",
        ),
    )


def _meanwhile() -> Refused:
    return Refused(
        Text(
            "その間に、ほかの人が復元を申告しました。",
            "somebody else has declared the restore meanwhile.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "moyai operation list で、いまの状態を確かめてください。",
            "Look at moyai operation list for how things stand.",
        ),
    )
