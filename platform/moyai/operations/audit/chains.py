"""Audit chains for people: shown, exported to a file, verified from the database or from an export alone."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa

from moyai.audit.anchors import Anchor
from moyai.audit.export import Header, export_lines, lines_of, read_export
from moyai.audit.page import Words, page
from moyai.audit.records import FEDERATION, AuditRecord, chain_of, genesis
from moyai.audit.verify import verify
from moyai.errors import NOTHING_TOUCHED, OperationFailed, UsageError
from moyai.operations.audit.against import differing
from moyai.operations.audit.detail_words import detail_place, detail_word
from moyai.operations.audit.lacking import Across, Wanted, lacking
from moyai.operations.audit.passing import Looked, Passed, look
from moyai.operations.audit.proofs import People, proof_of, proof_words
from moyai.operations.audit.record_words import action_word, result_word
from moyai.operations.audit.seen import Seen
from moyai.operations.audit.vault import NoVault, vault_of
from moyai.operations.database.anchoring import has_anchors
from moyai.operations.database.audit_reading import (
    heads,
    moment_of,
    newest,
    one_moment,
    records,
)
from moyai.operations.database.audit_wanted import Told, wanted_records
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet.step_names import step_word
from moyai.planning.selectors import only
from moyai.registry.models import Registry
from moyai.texts import Lang, Text, of_system

_CODE = re.compile("[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    file: Path
    looked: Looked


def chain_named(engine: sa.Engine, registry: Registry, body: str | None) -> tuple[str, str]:
    """The chain of a body by code, former code, slug or name, and what it is called; None: the federation's.

    A body that has left the file has its chain still, by its code. Raises `UsageError`.
    """
    if body is None:
        return FEDERATION, registry.federation.name
    known = registry.tenant(body)
    if (known is None or known.code != body) and _CODE.fullmatch(body):
        with engine.connect() as connection:
            if heads(connection, chain_of(body)):
                return chain_of(body), body
    found = only(registry, body)
    return chain_of(found.code), found.name


def show(engine: sa.Engine, chain: str, limit: int) -> tuple[AuditRecord, ...]:
    """The newest records of a chain, in their order."""
    with engine.connect() as connection:
        return newest(connection, chain, limit)


def verify_chains(
    engine: sa.Engine,
    chain: str | None = None,
    anchors: Mapping[str, Sequence[Anchor]] = MappingProxyType({}),
    known: People | None = None,
) -> Iterator[Looked]:
    """Every chain of the database, or one, verified, one after the other, all of one moment.

    `anchors`: chain → what is in the locked bucket of it; a chain that has some and no record is gone.
    `known`: whose keys are whose, by tenants.yaml. Each is held against the tables too, and all of them
    against each other: a chain of which those tell and that has no record is gone.
    """
    with one_moment(engine) as connection:
        found = heads(connection, chain)
        wanted, across = Wanted(wanted_records(connection, chain)), Across(every=chain is None)
        there = {head.chain for head in found}
        lost = {one: anchors[one] for one in anchors if one not in there and chain in (None, one)}
        for head in found:
            for one, records_wanted in wanted.before(head.chain):
                yield _gone(one, records_wanted, lost, across)
            given = anchors.get(head.chain, ())
            yield look(connection, head, given, known, wanted.of(head.chain), across)
        left = dict(wanted.before(None))
        if chain is None and FEDERATION not in there and across.planned:
            left.setdefault(FEDERATION, {})
        for one in sorted({*left, *lost}):
            yield _gone(one, left.get(one, {}), lost, across)


def _gone(chain: str, wanted: Told, lost: Mapping[str, Sequence[Anchor]], across: Across) -> Looked:
    """A chain without records. `lost`: the anchors of such."""
    anchors = lost.get(chain, ())
    findings = [*verify((), anchors, chain), *lacking(chain, set(wanted), Seen())]
    if chain == FEDERATION:
        findings = list(dict.fromkeys((*findings, *across.findings(Seen()))))
    return Looked(chain, 0, genesis(chain), tuple(findings), len(anchors))


def anchors_known(
    engine: sa.Engine, workspace: Workspace, chain: str | None
) -> Mapping[str, tuple[Anchor, ...]]:
    """What is in the site's locked bucket; nothing where none was ever put there.

    Raises `NoVault` where some were and the bucket is gone, `OperationFailed` where it does not answer.
    """
    try:
        return vault_of(workspace).anchors(chain)
    except NoVault:
        with engine.connect() as connection:
            if has_anchors(connection):
                raise
        return {}


@dataclass(frozen=True, slots=True)
class Site:
    """What exports are held against."""

    engine: sa.Engine
    anchors: Mapping[str, Sequence[Anchor]]
    """As in `verify_chains`."""


def verify_files(
    files: Sequence[Path], known: People | None = None, site: Site | None = None
) -> Iterator[tuple[Path, Looked]]:
    """Exports verified by themselves alone; `known`: whose keys are whose, where a tenants.yaml is at hand.

    `site`: they are held against its database and anchors too. An anchor beyond an export's last record is
    of a later time. Raises `UnreadableExport`, `UsageError` for what cannot be read.
    """
    for file in files:
        try:
            with file.open("rb") as opened:
                export = read_export(lines_of(opened))
                head, passed = export.header.head, Passed(export.records, known)
                anchors = [] if site is None else list(site.anchors.get(head.chain, ()))
                anchors = [one for one in anchors if one.seq <= head.seq]
                own = (head,) if head.seq else ()
                findings = list(verify(passed, (*own, *anchors), head.chain))
            if site is not None:
                with file.open("rb") as opened, one_moment(site.engine) as connection:
                    exported = read_export(lines_of(opened)).records
                    kept, moment = records(connection, head.chain), export.header.exported_at
                    findings += differing(exported, kept, head, moment)
        except OSError as error:
            said = of_system(error)
            raise UsageError(
                Text(f"{file} を読めません（{said.ja}）。", f"cannot read {file}: {said.en}."),
                touched=NOTHING_TOUCHED,
            ) from None
        yield file, passed.looked(head, findings, len(anchors), is_alone=site is None)


def export(
    engine: sa.Engine,
    federation: str,
    chain: str,
    name: str,
    file: Path,
    lang: Lang,
    known: People | None = None,
) -> Exported:
    """Write a chain to a file: a page where its name ends with `.html`, else JSON Lines.

    The file is there whole or not at all. Raises `UsageError` for a chain without records and a file that
    is there already, `OperationFailed` where the disk takes none.
    """
    if file.exists():
        raise UsageError(
            Text(f"{file} はもうあります。", f"{file} is there already."), touched=NOTHING_TOUCHED
        )
    with one_moment(engine) as connection:
        found = heads(connection, chain)
        if not found:
            raise UsageError(
                Text(f"{name} の監査記録はまだありません。", f"{name} has no audit records yet."),
                touched=NOTHING_TOUCHED,
            )
        looked = look(connection, found[0], known=known)
        code = None if chain == FEDERATION else chain.removeprefix("body:")
        header = Header(federation, code, name, moment_of(connection), looked.head)
        rows = records(connection, chain)
        if file.suffix.lower() in (".html", ".htm"):
            words = replace(WORDS, proof=lambda record: _proof(record, known))
            text = page(header, rows, lang, words=words, findings=looked.findings)
            _write(file, (part.encode() for part in text))
        else:
            _write(file, export_lines(header, rows))
    return Exported(file, looked)


def _proof(record: AuditRecord, known: People | None = None) -> Text | None:
    proof = proof_of(record, known)
    return None if proof is None else proof_words(proof)


WORDS = Words(action_word, step_word, result_word, detail_word, detail_place, _proof)
"""Of a page, where no tenants.yaml says whose keys are whose."""


def _write(file: Path, content: Iterable[bytes]) -> None:
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(content)
        temporary.rename(file)
        temporary = None
    except OSError as error:
        said = of_system(error)
        raise OperationFailed(
            Text(f"{file} を書けません（{said.ja}）。", f"cannot write {file}: {said.en}."),
            touched=NOTHING_TOUCHED,
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
