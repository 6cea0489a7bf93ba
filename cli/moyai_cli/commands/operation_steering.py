"""moyai operation approve|pause|resume|cancel|retry|newest|prepare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from moyai.approvals.steering import SignedWord, resumed, retried
from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.reading import find
from moyai.operations.fleet import steering
from moyai.operations.fleet.approving import (
    Wanted,
    approve,
    as_signed,
    missing,
    require_approver,
    signer_of,
    wanted,
)
from moyai.operations.fleet.doubting import doubts
from moyai.operations.fleet.newest import declare
from moyai.operations.fleet.opening import Office, open_office, prepare_by_hand
from moyai.operations.fleet.people import who_plans
from moyai.operations.fleet.reach import reach
from moyai.operations.fleet.steering_signed import also_said, require_signed, signed_word
from moyai.operations.site.places import today
from moyai.operations.site.workspace import open_workspace
from moyai.planning.fleet.clearing import Accepted
from moyai.registry.models import Operator
from moyai.texts import Text, in_japan, visible
from moyai_cli.language import say
from moyai_cli.options import File, Format, Operation, Selector, SiteName, Who, selector_of
from moyai_cli.render import Output
from moyai_cli.signatures import (
    Key,
    OnlyLine,
    Signature,
    SignedLine,
    line_and_signature,
    signed_here,
)
from moyai_cli.views.operation_asked import show_approved, show_done, show_to_sign
from moyai_cli.views.operation_logins import made_ready
from moyai_cli.views.reach import reach_said
from moyai_cli.views.whole_plan import foreseen, plan_lines

app = typer.Typer(add_completion=False)


@app.command("approve")
def approve_(
    operation: Operation,
    subject: Annotated[
        str,
        typer.Argument(
            help=say(
                "対象: plan、exceptions、wave:番号、body:団体コード、リスク名:団体コード",
                "What: plan, exceptions, wave:NUMBER, body:CODE, RISK:CODE",
            )
        ),
    ] = "plan",
    who: Who = None,
    key: Key = None,
    signature: Signature = None,
    signed: SignedLine = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything",
            help=say(
                "計画・適用枠・リスクのうち、まだ承認のないものすべて（団体自身の承認は除く）",
                "Plan, waves and risks that nobody has approved yet; not what bodies approve themselves",
            ),
        ),
    ] = False,
    line: OnlyLine = False,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Signed with the approver's key; judged before it is put on record."""
    with open_office(file, site) as office:
        found = _found(office, operation)
        asked = wanted(office.engine, found, subject)
        if line:
            if who:
                require_approver(asked, office.workspace.registry, who)
            _show_plan(office, asked, beside=True)
            _warn_early(asked, (subject,), beside=True)
            show_to_sign(found, subject, asked.sign.words, output)
            return
        subjects = _all_wanted(office, asked) if everything else (subject,)
        for one in subjects:
            asked = wanted(office.engine, found, one)
            require_approver(asked, office.workspace.registry, who or "")
        _show_plan(office, asked, beside=output is not Output.TABLE)
        _warn_early(asked, subjects, beside=output is not Output.TABLE)
        until: dict[str, datetime] = {}
        for one in subjects:
            asked = wanted(office.engine, found, one)
            if signature is None:
                accepted = _approved(office, asked, who, key)
            else:
                accepted = _brought(office, asked, who, signature, signed)
            until[one] = accepted.until
            early = reach(asked.view, subjects, until)
            show_approved(asked.view, _approval(one, accepted), early, output)


@app.command("pause")
def pause(
    operation: Operation,
    who: Who = None,
    key: Key = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """On record with its operator."""
    with open_office(file, site) as office:
        by, found = _operator(office, who), _found(office, operation)
        signed = signed_word(office.engine, found, by, "pause", key)
        said = also_said(steering.pause(office.engine, found, by, signed), signed)
    show_done(found, said, output)


@app.command("resume")
def resume(
    operation: Operation,
    wave: Annotated[
        list[int] | None,
        typer.Option(
            "--wave",
            help=say(
                "保留の適用枠を、失敗のまま先へ進める",
                "Let this held wave go on in spite of its failures",
            ),
        ),
    ] = None,
    who: Who = None,
    key: Key = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """A held wave has to be named."""
    with open_office(file, site) as office:
        by, found = _operator(office, who), _found(office, operation)
        registry = office.workspace.registry
        waves = wave or ()
        signed = signed_word(office.engine, found, by, resumed(waves), key)
        require_signed(office.engine, registry, found, by, signed)
        said = steering.resume(office.engine, registry, found, by, today(), waves, signed)
        said = also_said(said, signed)
    show_done(found, said, output)


@app.command("cancel")
def cancel(
    operation: Operation,
    stop: Annotated[
        bool,
        typer.Option(
            "--stop",
            help=say(
                "実行中の団体も、今の手順が終わりしだい止め、戻せるものを戻す",
                "Stop bodies in hand, too, after the step that runs now, and take back what can be",
            ),
        ),
    ] = False,
    who: Who = None,
    key: Key = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """What is done stays done."""
    with open_office(file, site) as office:
        by, found = _operator(office, who), _found(office, operation)
        registry = office.workspace.registry
        signed = signed_word(office.engine, found, by, "stop" if stop else "cancel", key)
        given = (office.engine, registry, found, by, today())
        said = also_said(steering.cancel(*given, stop=stop, signed=signed), signed)
    show_done(found, said, output)


@app.command("retry")
def retry(
    operation: Operation,
    selector: Selector = None,
    who: Who = None,
    key: Key = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """In a new attempt, from the first step."""
    with open_office(file, site) as office:
        by, found = _operator(office, who), _found(office, operation)
        registry = office.workspace.registry
        chosen = selector_of(selector) if selector else None
        words: list[SignedWord | None] = []

        def sign(codes: Sequence[str]) -> SignedWord | None:
            words.append(signed_word(office.engine, found, by, retried(codes), key))
            require_signed(office.engine, registry, found, by, words[0])
            return words[0]

        codes = steering.retry(office.engine, registry, found, by, today(), chosen, sign)
        said = also_said(steering.begins_again(office.engine, found, codes), words[0])
    show_done(found, said, output)


@app.command("newest")
def newest(
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """After it was put back on purpose; workers with another begin nothing until they have it."""
    with open_office(file, site) as office:
        said = declare(office, _operator(office, who))
    show_done(None, said, output)


@app.command("prepare")
def prepare(
    new_passwords: Annotated[
        bool,
        typer.Option(
            "--new-passwords",
            help=say(
                "ログインのパスワードを作り直す（ほかの機械には新しいファイルが要る）",
                "Give its logins new passwords; other machines need the new file",
            ),
        ),
    ] = False,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Safe to run again."""
    workspace = open_workspace(file, site)
    prepared = prepare_by_hand(workspace, who, new_passwords=new_passwords)
    show_done(None, made_ready(prepared), output)


def _show_plan(office: Office, asked: Wanted, *, beside: bool) -> None:
    """What is about to be signed. `beside`: not in the answer, which a program reads."""
    plan = asked.view.plan
    with office.engine.connect() as connection:
        differs = doubts(connection, asked.view, office.workspace.registry)
    diff = plan.parameters.get("diff")
    changed = [str(one) for one in diff] if isinstance(diff, Sequence) else []
    for line in (*changed, *plan_lines(plan, differs, foreseen(asked.view))):
        typer.echo(visible(line), err=beside)


def _warn_early(asked: Wanted, subjects: Sequence[str], *, beside: bool) -> None:
    """Whom approvals of now do not reach. `beside`: as of `_show_plan`."""
    view = asked.view
    for line in reach_said(reach(view, subjects), view.plan, view.row.id):
        typer.echo(visible(line), err=beside)


def _all_wanted(office: Office, asked: Wanted) -> tuple[str, ...]:
    """What nobody has approved yet, but for what bodies approve themselves. Raises `Refused` for nothing."""
    subjects = missing(asked.view, office.workspace.registry)
    found = tuple(one for one in subjects if not one.startswith("body:"))
    if not found:
        raise Refused(
            Text("承認を待つものはありません。", "Nothing waits for an approval."),
            touched=NOTHING_TOUCHED,
        )
    return found


def _approved(office: Office, asked: Wanted, who: str | None, key: Path | None) -> Accepted:
    """Signed here, with the person's key."""
    registry, email = office.workspace.registry, who or ""
    words = signed_here(asked.sign, signer_of(asked, registry, email).ssh_key, key)
    return approve(office.engine, registry, asked, email, words)


def _brought(
    office: Office, asked: Wanted, who: str | None, signature: Path, signed: Path | None
) -> Accepted:
    """Signed elsewhere; the line that was signed comes along, as its moment is known by nobody else."""
    registry, email = office.workspace.registry, who or ""
    signer_of(asked, registry, email)
    line, words = line_and_signature(signature, signed)
    return approve(office.engine, registry, as_signed(asked, line), email, words)


def _approval(subject: str, accepted: Accepted) -> Text:
    until = in_japan(accepted.until)
    return Text(
        f"{accepted.approver.email} の承認（{subject}）を記録しました。{until} まで有効です。",
        f"Approved by {accepted.approver.email} ({subject}); it holds until {until}.",
    )


def _operator(office: Office, who: str | None) -> Operator:
    return who_plans(office.workspace.registry, who, today())


def _found(office: Office, words: str) -> str:
    with office.engine.connect() as connection:
        return find(connection, words)
