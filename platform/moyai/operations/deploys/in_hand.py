"""Whether a command by hand may change a body: not while an operation has it in hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from moyai.engine.stacks import StackId
from moyai.errors import MoyaiError, UsageError
from moyai.operations.database.in_hand import InHand, in_hand, running
from moyai.operations.site.hand_notes import HandNote, forget, noted
from moyai.operations.site.session import Session
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import named
from moyai.planning.fleet.step_names import step_word
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import TENANT
from moyai.texts import Text

_CONNECT_SECONDS = 5
_NEVER_SET_UP = ("42P01", "3F000")
"""SQLSTATEs of a database without the tables: no table, no schema."""


_Ask = Callable[["psycopg.Connection[Any]"], dict[str, InHand]]


@dataclass(slots=True)
class Hands:
    """What one command knows of operations that have bodies in hand. May be used by several threads."""

    session: Session
    _away: Text | None = field(default=None, init=False)

    @property
    def away(self) -> Text | None:
        """That the operations database could not be asked, and why; None: it answered, or there is none."""
        return self._away

    @property
    def unasked(self) -> Text | None:
        """The same, with what bodies are judged by then, for who changes them."""
        if self._away is None:
            return None
        return Text(
            f"{self._away.ja} 記録に途中と書かれていない団体には行います。",
            f"{self._away.en} Bodies of which no record says that they are half-way are gone on with.",
        )

    def all_of(self, codes: Iterable[str]) -> Mapping[str, Text]:
        """The bodies among those that may not be touched, each with the reason; the site has to be ready."""
        wanted = set(codes)
        found = self.told(wanted)
        if self._away is None:
            for code in wanted - found.keys():
                forget(self._home, StackId(TENANT, code))
        return found

    def told(self, codes: Iterable[str], *, but: str | None = None) -> Mapping[str, Text]:
        """The same for who only looks: nothing is changed, and nothing started. `but`: of no interest is what
        this operation has in hand."""
        wanted = sorted(set(codes))
        if not wanted:
            return {}
        found = self._ask(lambda connection: in_hand(connection, self._site, wanted))
        if found is None:
            return self._by_record(wanted)
        return {code: _told(one) for code, one in found.items() if one.operation != but}

    def half_way(self, codes: Iterable[str], *, but: str) -> Mapping[str, Text]:
        """Those that an operation has left half-way, each with the reason; `but`: of another kind than this,
        which goes on with what its own left."""
        wanted = sorted(set(codes))
        found = self._ask(lambda connection: in_hand(connection, self._site, wanted))
        if found is None:
            return self._by_record(wanted)
        return {
            code: _told(one)
            for code, one in found.items()
            if not one.is_running and one.kind != but
        }

    def reason(self, code: str) -> Text | None:
        """The same of one body, asked again just before it is touched: whether an operation is at it by now."""
        found = self._ask(lambda connection: _one(running(connection, self._site, code)))
        if found is None:
            return self._by_record([code]).get(code)
        return next((_told(one) for one in found.values()), None)

    def without(self, plan: Plan) -> tuple[Plan, frozenset[str]]:
        """The plan with the bodies refused that are in hand, of those that would run, and their codes; of those
        that would not it is noted."""
        found = self.all_of(stack.name for stack in plan.tenants)
        tenants = tuple(_marked(stack, found.get(stack.name)) for stack in plan.tenants)
        refused = frozenset(one.name for one in plan.tenants if one.runs and one.name in found)
        return replace(plan, tenants=tenants), refused

    @property
    def _site(self) -> str:
        return self.session.workspace.site.name

    @property
    def _home(self) -> Path:
        return self.session.workspace.runtime.home

    def _ask(self, ask: _Ask) -> dict[str, InHand] | None:
        """The answer; empty where the site has no operations database, None where it cannot be asked."""
        try:
            conninfo = _conninfo(self.session.workspace)
            if conninfo is None:
                return {}
            with psycopg.connect(
                conninfo,
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                application_name="moyai",
            ) as connection:
                found = ask(connection)
                self._away = None
                return found
        except psycopg.Error as error:
            if error.sqlstate in _NEVER_SET_UP:
                return {}
            self._away = _cannot_ask(Text(_first(error), _first(error)))
        except MoyaiError as error:
            self._away = _cannot_ask(error.what)
        return None

    def _by_record(self, codes: Iterable[str]) -> dict[str, Text]:
        """What site and machine say of bodies that may be half-way, where the database says nothing."""
        assert self._away is not None
        records = self.session.anew().state
        found: dict[str, Text] = {}
        for code in codes:
            stack = StackId(TENANT, code)
            known, moving = noted(self._home, stack), records.record(stack).moving
            if known is not None:
                found[code] = _maybe(self._away, _by_note(known))
            elif moving:
                found[code] = _maybe(self._away, _by_moving(moving))
        return found


def _one(found: InHand | None) -> dict[str, InHand]:
    return {} if found is None else {found.code: found}


def _marked(stack: PlannedStack, why: Text | None) -> PlannedStack:
    if why is None:
        return stack
    if not stack.runs:
        return replace(stack, notes=(*stack.notes, why))
    return replace(stack, action="refused", reasons=(why,))


def _conninfo(workspace: Workspace) -> str | None:
    """Where operations can be read; None where the site has no operations database, or has never used it.

    Raises `MoyaiError` where it has one that this machine has no login for.
    """
    own = workspace.site.operations_database
    if own is None and not any((workspace.runtime.home / "operations").glob("pgpass*")):
        return None
    # Only who has something to ask for pays for these.
    from moyai.operations.database.hosts import conninfo
    from moyai.operations.database.logins import split_old
    from moyai.operations.database.opening import logins_of, unknown

    try:
        places = logins_of(workspace)
    except UsageError:
        if own is None:
            return None
        raise
    with suppress(OSError):
        split_old(places)
    for group in ("moyai_operator", "moyai_worker"):
        if places.has(group):
            return conninfo(places.of(group))
    raise unknown(places, "moyai_operator")


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _told(one: InHand) -> Text:
    whose, name = _whose(one), one.step.removeprefix("-")
    step = step_word(name)
    if not one.is_running:
        return Text(
            f"{whose.ja}が途中で止まっています（手順 {step.ja}）。"
            f"この団体にはその続きのほか何もできません。moyai operation show {one.operation} で確かめ、"
            f"moyai operation retry {one.operation} {one.code} で終わらせるか、計画を作り直してください。",
            f"{whose.en} has left it half-way at {step.en}: nothing "
            f"else is done with it. See moyai operation show {one.operation}; bring it to its end with moyai "
            f"operation retry {one.operation} {one.code}, or plan it anew.",
        )
    is_back = name != one.step
    ja, en = ("を戻している", "is taking back") if is_back else ("の", "is at")
    return Text(
        f"{whose.ja}が作業中です（手順 {step.ja} {ja}ところ）。"
        f"moyai operation show {one.operation} で確かめ、終わるのを待ってください（moyai deploy --wait）。"
        f"やめさせるのは moyai operation cancel {one.operation} --stop です。",
        f"{whose.en} has it in hand and {en} {step.en}. See moyai "
        f"operation show {one.operation}, and wait until it has ended (moyai deploy --wait); moyai operation "
        f"cancel {one.operation} --stop calls it off.",
    )


def _cannot_ask(why: Text) -> Text:
    return Text(
        f"運用データベースに、作業中の団体を尋ねられません: {why.ja}",
        f"the operations database cannot be asked which bodies are in hand: {why.en}",
    )


def _maybe(away: Text, why: Text) -> Text:
    return Text(
        f"{away.ja} {why.ja} データベースに届くようになってから行ってください。",
        f"{away.en} {why.en} Do it once the database answers.",
    )


def _by_note(known: HandNote) -> Text:
    whose, step = _whose(known), step_word(known.step)
    return Text(
        f"この機械の記録では、{whose.ja}が手順 {step.ja} のところです。",
        f"By this machine's notes {whose.en} is at {step.en}.",
    )


def _whose(one: InHand | HandNote) -> Text:
    """The operation, what it is and who planned it."""
    kind = named(TITLES, one.kind)
    ja, en = f"{kind.ja} {one.subject}".strip(), f"{kind.en} {one.subject}".strip()
    return Text(
        f"{one.operation}（{ja}、計画者 {one.planned_by}）",
        f"{one.operation} ({en}, planned by {one.planned_by})",
    )


def _by_moving(moving: Mapping[str, str]) -> Text:
    names = ", ".join(f"{service} {release}" for service, release in sorted(moving.items()))
    return Text(
        f"記録では更新の途中です（{names}）。",
        f"By its record it is half-way to {names}.",
    )
