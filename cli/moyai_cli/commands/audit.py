"""moyai audit …: what anyone or anything did."""

from __future__ import annotations

from moyai_cli.language import say
from moyai_cli.lazy import Entry, group


def _entry(command: str, ja: str, en: str) -> Entry:
    return Entry("moyai_cli.commands.audit_chains", say(ja, en), command=command)


app = group(
    {
        "show": _entry(
            "show",
            "団体か共同体の監査記録を、新しいものから数件示す。",
            "Show the newest audit records of a body or of the federation.",
        ),
        "export": _entry(
            "export",
            "団体か共同体の監査記録をファイルに書き出す。それだけで検証できる。",
            "Export a body's or the federation's record to a file that verifies alone.",
        ),
        "verify": _entry(
            "verify",
            "監査記録の改変・欠落・並べ替えがないか確かめる。",
            "Find changed, missing or reordered records.",
        ),
        "anchor": _entry(
            "anchor",
            "監査記録の先頭を、ロックされたバケットに今すぐ係留する。",
            "Anchor the heads of the records in the locked bucket now.",
        ),
    },
    help=say("監査記録を示す・書き出す・検証する。", "Show, export and verify the audit record."),
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Hold the group: Typer makes none of an application without commands of its own."""
