"""Audit records and what verifying them found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from moyai.audit.anchors import Anchor
from moyai.audit.anchors import to_document as anchor_document
from moyai.audit.details import plain
from moyai.audit.records import AuditRecord, to_document
from moyai.operations.audit.chains import Exported
from moyai.operations.audit.passing import Looked
from moyai.operations.audit.record_words import action_word, outcome, said_of
from moyai.operations.audit.signatures import Signatures
from moyai.planning.fleet.step_names import step_word
from moyai.texts import Text, in_japan
from moyai_cli.language import of, say
from moyai_cli.render import Column, Output, Record, document, listing, show_json, show_line


def show_records(found: Sequence[AuditRecord], output: Output) -> None:
    """Records in their order."""
    if output is Output.JSON:
        records = [to_document(one) for one in found]
        show_json(json.dumps(records, ensure_ascii=False, indent=2))
        return
    columns = [
        Column("seq", say("番号", "number")),
        Column("at", say("日時", "at")),
        Column("actor", say("誰が", "who")),
        Column("action", say("何を", "what")),
        Column("operation", say("一斉作業", "operation")),
        Column("step", say("手順", "step")),
        Column("result", say("結果", "result")),
    ]
    if output is Output.CSV:
        more = [
            Column(key, key)
            for key in ("chain", "code", "attempt", "details", "plan_sha256", "sha256")
        ]
        listing([_csv_record(one) for one in found], [*columns, *more], output)
        return
    columns.append(Column("said", say("内容", "about")))
    listing([_for_people(one) for one in found], columns, output)


def _csv_record(one: AuditRecord) -> Record:
    return {**to_document(one), "details": json.dumps(plain(one.details), ensure_ascii=False)}


def _for_people(one: AuditRecord) -> Record:
    return {
        **to_document(one),
        "at": in_japan(one.at),
        "action": of(action_word(one.action)),
        "step": "" if one.step is None else of(step_word(one.step)),
        "result": of(outcome(one)),
        "said": of(said_of(one)),
    }


def show_looked(found: Mapping[str, Looked], output: Output) -> None:
    """What verifying found, chain by chain or file by file."""
    records = [_looked(name, one) for name, one in found.items()]
    columns = [
        Column("name", say("記録", "record")),
        Column("records", say("件数", "records"), is_number=True),
        Column("anchors", say("係留点", "anchors"), is_number=True),
        Column(
            "status",
            say("結果", "result"),
            {of(said): "green" if one in _GOOD else "red" for one, said in _STATUSES.items()},
        ),
        Column("findings", say("見つかったもの", "findings")),
    ]
    if output is Output.TABLE:
        shown = [
            {
                **record,
                "status": of(_STATUSES[_status(one)]),
                "findings": [
                    *(of(finding.what) for finding in one.findings),
                    *(say("申告済み: ", "declared: ") + of(gap.what) for gap in one.gaps),
                    *(of(said) for said in one.signatures.told()),
                ],
            }
            for record, one in zip(records, found.values(), strict=True)
        ]
        listing(shown, columns, output)
        return
    more = [Column(key, key) for key in ("chain", "sha256", "declared", "signatures")]
    listing(records, [*columns, *more], output)


def show_alone() -> None:
    """What an export by itself does not prove."""
    show_line(
        say(
            "ファイルだけで確かめました。結果は上のとおりですが、"
            "全体を書き直したものや末尾を切ったものとは区別できません。"
            "データベースと係留点とは比べていません（--against-site で比べます）。",
            "By the files alone: what was found is above. One that was written anew as a whole, or "
            "cut at its end, looks the same. Neither the database nor anchors were asked "
            "(--against-site does).",
        )
    )


_GOOD = ("whole", "consistent")
_STATUSES = {
    "whole": Text("正常", "whole"),
    "consistent": Text("内部整合", "consistent"),
    "tampered": Text("改変", "tampered"),
    "unproved": Text("署名が不正", "signature is none"),
    "unknown": Text("署名者が不明", "signer unknown"),
}


def _status(one: Looked) -> str:
    if not one.findings:
        return "consistent" if one.is_alone else "whole"
    if not one.is_whole:
        return "tampered"
    is_none = any(finding.kind == "unproved" for finding in one.findings)
    return "unproved" if is_none else "unknown"


def _signatures(found: Signatures) -> Record:
    return {
        "signed": [
            {"actor": one.actor, "key": one.fingerprint, "whose": one.whose, "records": times}
            for one, times in found.signed.items()
        ],
        "not_signed": [
            {"actor": one.actor, "records": times} for one, times in found.claimed.items()
        ],
        "not_checkable": found.not_checkable,
    }


def _looked(name: str, one: Looked) -> Record:
    return {
        "name": name,
        "chain": one.chain,
        "records": one.records,
        "anchors": one.anchors,
        "sha256": one.head.sha256,
        "status": _status(one),
        "findings": [
            {"kind": finding.kind, "seq": finding.seq, "what": of(finding.what)}
            for finding in one.findings
        ],
        "declared": [
            {
                "seq": gap.seq,
                "epoch": gap.epoch,
                "actor": gap.actor,
                "after": gap.after.seq,
                "newest_lost": gap.newest,
                "what": of(gap.what),
            }
            for gap in one.gaps
        ],
        "signatures": _signatures(one.signatures),
    }


def show_anchored(found: Sequence[Anchor], bucket: str, output: Output) -> None:
    """Heads that were anchored now."""
    columns = [
        Column("chain", say("記録", "record")),
        Column("seq", say("番号", "number"), is_number=True),
        Column("sha256", "SHA-256"),
        Column("at", say("日時", "at")),
    ]
    if output is not Output.TABLE:
        listing([anchor_document(one) for one in found], columns, output)
        return
    if found:
        shown = [{**anchor_document(one), "at": in_japan(one.at)} for one in found]
        listing(shown, columns, output)
    show_line(
        say(
            f"監査記録の先頭 {len(found)} 件をバケット {bucket} に係留しました。",
            f"Anchored {len(found)} heads of audit records in the bucket {bucket}.",
        )
        if found
        else say(
            "前回の係留のあとに進んだ監査記録はありません。",
            "No audit record has moved since it was anchored last.",
        )
    )


def show_exported(made: Exported, name: str, output: Output) -> None:
    """The file, and that it verifies alone."""
    if output is not Output.TABLE:
        document({"file": str(made.file), **_looked(name, made.looked)}, output)
        return
    show_line(
        say(
            f"{name} の監査記録 {made.looked.records} 件を {made.file} に書きました。",
            f"{made.looked.records} audit records of {name} are in {made.file}.",
        )
    )
    if made.file.suffix != ".html":
        show_line(
            say(
                f"検証: moyai audit verify {made.file}",
                f"It verifies alone: moyai audit verify {made.file}",
            )
        )
