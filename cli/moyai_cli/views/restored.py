"""What a declared restore of the operations database came to."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from moyai.operations.database.epochs import Declared, HeldBody
from moyai.operations.fleet.outside import Outside, Trace
from moyai.operations.fleet.restoring import Found
from moyai.planning.fleet.status_words import BODIES, word
from moyai.texts import in_japan, visible
from moyai_cli.called import copyable
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, Record, document, listing, show_line
from moyai_cli.views.operation_records import utc


def show_restored(
    found: Found,
    declared: Declared,
    seen: Outside,
    waiting: int,
    output: Output,
    *,
    dry_run: bool,
) -> None:
    """What is lost, what is held, what was done outside since. `waiting`: lines of runbooks' evidence."""
    if output is not Output.TABLE:
        document(_record(found, declared, seen.traces, waiting, dry_run), output)
        _say_trouble(seen)
        return
    _head(found, declared, dry_run)
    if declared.held:
        typer.echo()
        show_line(
            say("保留になる団体:", "Would be held:") if dry_run else say("保留にした団体:", "Held:")
        )
        listing([_held(one) for one in declared.held], _HELD, output)
    typer.echo()
    _traces(seen.traces, is_all=seen.trouble is None)
    _say_trouble(seen)
    if waiting:
        show_line(
            say(
                f"手順書の証跡 {waiting} 行は、まだ監査記録に入っていません。",
                f"{waiting} lines of runbooks' evidence are not in the audit record yet.",
            )
        )


def show_outside(declared: Declared, traces: Sequence[Trace], output: Output) -> None:
    """What is seen to have been done since the copy of the last declaration."""
    if output is not Output.TABLE:
        found = {
            "epoch": declared.epoch,
            "copied_at": utc(declared.copied_at),
            "outside": [_trace(one) for one in traces],
        }
        document(found, output)
        return
    _copied(declared)
    _traces(traces, is_all=True)


def _traces(traces: Sequence[Trace], *, is_all: bool) -> None:
    if traces:
        show_line(
            say("写しのあとに行われたと見えるもの:", "Seen to have been done since the copy:")
        )
        listing([_trace(one) for one in traces], _TRACES, Output.TABLE)
    elif is_all:
        show_line(
            say(
                "写しのあとに行われたと見えるものはありません。",
                "Nothing is seen to have been done since the copy.",
            )
        )


def _say_trouble(seen: Outside) -> None:
    """That not all could be looked at, and how it is later; beside what programs read."""
    if seen.trouble is None:
        return
    why = seen.trouble.what.of(LANG)
    again = copyable("moyai operation restored --outside")
    typer.echo(
        say(
            f"写しのあとに行われたことを、すべては確かめられませんでした（{why}）。あとで {again} で示せます。",
            f"Not all that was done since the copy could be looked at ({why}); {again} lists it later.",
        ),
        err=True,
    )


def _copied(declared: Declared) -> None:
    at = say("不明", "unknown") if declared.copied_at is None else in_japan(declared.copied_at)
    show_line(say(f"写しにある最後の記録: {at}", f"The copy's newest record: {at}"))


def _trace(one: Trace) -> Record:
    return {"code": one.code, "name": one.name, "service": one.service, "what": of(one.what)}


def _head(found: Found, declared: Declared, dry_run: bool) -> None:
    _copied(declared)
    for chain, (first, last) in found.chains.items():
        show_line(
            say(
                f"失われた記録 {chain}: 係留点 {first}番〜{last}番",
                f"lost of {chain}: anchored heads {first} to {last}",
            )
        )
    if dry_run:
        show_line(say("何も申告していません。", "Nothing was declared."))
        return
    show_line(
        say(
            f"復元を申告しました。これからは第 {declared.epoch} 世代です（新しい一斉作業の番号には "
            f"e{declared.epoch} が入ります）。",
            f"Declared: epoch {declared.epoch} begins; ids of new operations have e{declared.epoch} in them.",
        )
    )


def _held(one: HeldBody) -> Record:
    return {
        "operation": one.operation,
        "code": one.code,
        "name": visible(one.name),
        "before": word(BODIES, one.before, LANG),
        "step": one.step,
    }


def _record(
    found: Found, declared: Declared, traces: Sequence[Trace], waiting: int, dry_run: bool
) -> dict[str, object]:
    return {
        "declared": not dry_run,
        "epoch": declared.epoch,
        "copied_at": utc(declared.copied_at),
        "lost": [
            {"chain": chain, "first_anchor": first, "last_anchor": last}
            for chain, (first, last) in found.chains.items()
        ],
        "held": [
            {
                "operation": one.operation,
                "code": one.code,
                "name": one.name,
                "before": one.before,
                "step": one.step,
            }
            for one in declared.held
        ],
        "outside": [_trace(one) for one in traces],
        "evidence_waiting": waiting,
    }


_HELD = [
    Column("operation", say("一斉作業", "operation")),
    Column("code", say("コード", "code")),
    Column("name", say("団体", "body")),
    Column("before", say("写しでの状態", "in the copy")),
    Column("step", say("手順", "step")),
]
_TRACES = [
    Column("code", say("コード", "code")),
    Column("name", say("団体", "body")),
    Column("service", say("サービス", "service")),
    Column("what", say("見つかったもの", "what")),
]
