"""moyai audit show|export|verify|anchor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import NOTHING_TOUCHED, MoyaiError, UsageError
from moyai.operations.audit import chains
from moyai.operations.audit.anchoring import anchor_now
from moyai.operations.audit.broken import broken
from moyai.operations.audit.passing import Looked
from moyai.operations.audit.proofs import people
from moyai.operations.audit.vault import vault_of
from moyai.operations.evidence.catching_up import waiting
from moyai.operations.fleet.opening import Office, open_office
from moyai.operations.site.workspace import open_workspace
from moyai.registry.load import require
from moyai.texts import Text
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output
from moyai_cli.views.audit import (
    show_alone,
    show_anchored,
    show_exported,
    show_looked,
    show_records,
)
from moyai_cli.views.waiting import tell_waiting

app = typer.Typer(add_completion=False)

Body = Annotated[
    str | None,
    typer.Argument(
        help=say(
            "団体のコード・slug・名前（省けば共同体の記録）",
            "A body's code, slug or name; the federation's record if left out",
        )
    ),
]


@contextmanager
def _looking(file: Path | None, site: str) -> Iterator[Office]:
    """The office of who looks; lines that are in no chain are told of first."""
    with ExitStack() as opened:
        try:
            office = opened.enter_context(open_office(file, site, "moyai_auditor"))
        except MoyaiError:
            with suppress(MoyaiError):
                tell_waiting(waiting(open_workspace(file, site)))
            raise
        tell_waiting(office.waiting.lines, office.waiting.why)
        yield office


@app.command("show")
def show(
    body: Body = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, max=100_000, help=say("件数", "How many"))
    ] = 50,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """In the order in which they were written."""
    with _looking(file, site) as office:
        chain, _ = chains.chain_named(office.engine, office.workspace.registry, body)
        found = chains.show(office.engine, chain, last)
    show_records(found, output)


@app.command("export")
def export(
    body: Body = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            help=say(
                "ファイル。.html なら読むためのページ、ほかは検証できる JSON Lines",
                "The file; .html: a page to read, else JSON Lines that verify",
            ),
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Verified on the way; what is wrong is told, and the file is written nevertheless."""
    with _looking(file, site) as office:
        registry = office.workspace.registry
        chain, name = chains.chain_named(office.engine, registry, body)
        place = save or Path(f"audit-{chain.removeprefix('body:')}.jsonl")
        made = chains.export(
            office.engine, registry.federation.name, chain, name, place, LANG, people(registry)
        )
    show_exported(made, name, output)
    if made.looked.findings:
        raise broken({chain: made.looked})


@app.command("verify")
def verify(
    exports: Annotated[
        list[Path] | None,
        typer.Argument(
            help=say(
                "書き出したファイル（省けば運用データベース）",
                "Exported files; the operations database if left out",
            )
        ),
    ] = None,
    body: Annotated[
        str | None, typer.Option("--body", help=say("この団体だけ", "Only this body"))
    ] = None,
    anchors: Annotated[
        bool,
        typer.Option(
            "--anchors/--no-anchors",
            help=say(
                "ロックされたバケットの係留点とも比べる",
                "Compare with the anchors in the locked bucket too",
            ),
        ),
    ] = True,
    against_site: Annotated[
        bool,
        typer.Option(
            "--against-site",
            help=say(
                "書き出したファイルを、運用データベースと係留点とも比べる",
                "Compare exported files with the operations database and its anchors too",
            ),
        ),
    ] = False,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Files need no database and no tenants.yaml; with --file, keys are held against that one."""
    if exports and body:
        raise UsageError(
            Text(
                "--body は運用データベースを検証するときだけ使えます。",
                "--body is for verifying the database only.",
            ),
            touched=NOTHING_TOUCHED,
        )
    if against_site and not exports:
        raise UsageError(
            Text(
                "--against-site には、書き出したファイルを指定してください。",
                "--against-site needs exported files.",
            ),
            touched=NOTHING_TOUCHED,
        )
    found: Mapping[str, Looked]
    if exports and not against_site:
        keys = None if file is None else people(require(file))
        found = {str(path): one for path, one in chains.verify_files(exports, keys)}
    else:
        with _looking(file, site) as office:
            found = _held_to_site(office, exports, body, anchors=anchors)
    show_looked(found, output)
    if exports and not against_site and output is Output.TABLE:
        show_alone()
    if any(one.findings for one in found.values()):
        raise broken(found, in_files=bool(exports))


def _held_to_site(
    office: Office, exports: Sequence[Path] | None, body: str | None, *, anchors: bool
) -> Mapping[str, Looked]:
    """The site's chains, or exports beside them."""
    keys = people(office.workspace.registry)
    chain = None
    if body is not None:
        chain, _ = chains.chain_named(office.engine, office.workspace.registry, body)
    known = chains.anchors_known(office.engine, office.workspace, chain) if anchors else {}
    if exports:
        held = chains.Site(office.engine, known)
        return {str(path): one for path, one in chains.verify_files(exports, keys, held)}
    looks = chains.verify_chains(office.engine, chain, known, keys)
    return {one.chain: one for one in looks}


@app.command("anchor")
def anchor(file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE) -> None:
    """Workers do it by themselves every `audit_anchor_minutes`."""
    with open_office(file, site) as office:
        vault = vault_of(office.workspace)
        found = anchor_now(office.engine, vault)
    show_anchored(found, vault.bucket, output)
