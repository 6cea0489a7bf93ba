"""For people: what verifying found wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.audit.passing import Looked
from moyai.texts import Text


def broken(found: Mapping[str, Looked], *, in_files: bool = False) -> OperationFailed:
    """For people: some of what was verified is not whole, or has signatures that are none, or nobody's; in
    files, or in the database."""
    wrong = [name for name, looked in found.items() if not looked.is_whole]
    if not wrong:
        kinds = {name: {one.kind for one in looked.findings} for name, looked in found.items()}
        none = [name for name, of in kinds.items() if "unproved" in of]
        return _unproved(none) if none else _unknown([name for name, of in kinds.items() if of])
    return OperationFailed(
        Text(
            f"監査記録が改変されています: {'、'.join(wrong)}。",
            f"audit records were tampered with: {', '.join(wrong)}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=_COMPARE_FILE if in_files else _COMPARE,
    )


def _unproved(names: Sequence[str]) -> OperationFailed:
    return OperationFailed(
        Text(
            f"監査記録に、証明にならない署名があります: {'、'.join(names)}。",
            f"signatures in audit records prove nothing: {', '.join(names)}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=_WHO_SIGNED,
    )


def _unknown(names: Sequence[str]) -> OperationFailed:
    return OperationFailed(
        Text(
            f"監査記録に、tenants.yaml ではだれのものか分からない鍵の署名があります: {'、'.join(names)}。",
            f"signatures in audit records are by keys of which tenants.yaml does not say whose they are: "
            f"{', '.join(names)}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=_WHOSE_KEY,
    )


_WHOSE_KEY = Text(
    "退いた人の鍵と替える前の鍵は、tenants.yaml の former_keys に載せておけば確かめられます。"
    "当時の版の tenants.yaml を --file で渡すこともできます。"
    "心当たりがなければ、偽造として調べてください。",
    "Keep the keys of those who left, and keys that were replaced, in former_keys of tenants.yaml; or give the "
    "tenants.yaml of then with --file. What nobody can account for is to be looked into as forged.",
)
_WHO_SIGNED = Text(
    "ワーカーはその承認を数えません。名前の担当者に確かめ、運用データベースのログインを知る人を調べてください"
    "（moyai operation prepare --new-passwords で作り直せます）。",
    "Workers count no such approval. Ask whoever it names, and find out who knows the passwords of the "
    "operations database (moyai operation prepare --new-passwords makes new ones).",
)
_COMPARE = Text(
    "このデータベースの変更を止め、係留点・バックアップ・以前の出力と比べてください。",
    "Let nobody change this database, and compare it with anchors, backups and earlier exports.",
)
_COMPARE_FILE = Text(
    "事務局に新しい出力を求め、末尾のハッシュ値と以前に受け取ったものを比べてください。このファイルは証拠として残してください。",
    "Ask the secretariat for a fresh export, compare the hash of its newest record with those you had before, "
    "and keep this file as evidence.",
)
