"""What `moyai operation prepare` says of logins: which file was written, and which machines need it."""

from __future__ import annotations

from moyai.operations.database.logins import Prepared
from moyai.texts import Text

_MACHINES = {
    "moyai_worker": Text("ワーカーの機械", "machines of workers"),
    "moyai_operator": Text("担当者の機械", "machines of operators"),
    "moyai_auditor": Text("監査の機械", "machines of auditors"),
}


def made_ready(made: Prepared) -> Text:
    """What was written, and which machines need it; which logins were left as they were."""
    files = [
        Text(f"{_MACHINES[group].ja}: {file}", f"{_MACHINES[group].en}: {file}")
        for group, file in made.written.items()
    ]
    said = Text(
        "運用データベースの用意ができました。同じデータベースを使う機械へ写すファイルは、役目ごとに次のとおりです。"
        + "、".join(one.ja for one in files)
        + "。",
        "The database is ready. To copy to other machines that use it, each what it needs: "
        + ", ".join(one.en for one in files)
        + ".",
    )
    if not files:
        said = Text("運用データベースの用意ができました。", "The database is ready.")
    if not made.unknown:
        return said
    unknown = ", ".join(made.unknown)
    return Text(
        f"{said.ja} この機械がパスワードを知らないログイン（{unknown}）は、そのままにしました。",
        f"{said.en} Logins whose passwords this machine does not have were left as they are: {unknown}.",
    )
