"""Signatures that were made on another machine: the line that was signed comes along, as it has the moment."""

from __future__ import annotations

from datetime import datetime

from moyai.approvals.subjects import read_approval_line
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.texts import Text

_BEGIN = "-----BEGIN SSH SIGNATURE-----"


def brought(content: str) -> tuple[str | None, str]:
    """A file with a signature as `ssh-keygen` writes it: the line that stands before it, where one does, and
    the signature."""
    before, mark, after = content.partition(_BEGIN)
    return (before.strip() or None, mark + after) if mark else (None, content)


def signed_moment(line: str | None, about: str, sha256: str, subject: str) -> datetime:
    """The moment in a line that was signed to approve something.

    Raises `UsageError` where there is no such line, `Refused` where it is about something else.
    """
    if line is None:
        raise UsageError(_NO_LINE, touched=NOTHING_TOUCHED, remedy=_BRING)
    try:
        signed = read_approval_line(line.removesuffix("\n").removesuffix("\r"))
    except ValueError:
        raise UsageError(_UNKNOWN_LINE, touched=NOTHING_TOUCHED, remedy=_AS_SHOWN) from None
    if (signed.about, signed.sha256, signed.subject) != (about, sha256, subject):
        raise Refused(
            Text(
                f"署名した行は、いまの {about} の {subject} についてではありません。",
                f"The line that was signed is not about {subject} of {about} as it is now.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=_AS_SHOWN,
        )
    return signed.signed_at


_NO_LINE = Text(
    "署名した行がありません。行には署名した日時があり、署名だけからは分かりません。",
    "The line that was signed is missing: its moment cannot be told from the signature.",
)
_BRING = Text(
    "--signed 行のファイル を付けるか、署名のファイルの先頭に行を書いてください。",
    "Add --signed FILE with the line, or put the line before the signature in its file.",
)
_UNKNOWN_LINE = Text(
    "署名した行ではありません（番号、ハッシュ、対象、日時の四語です）。",
    "That is no line of an approval: id, hash, subject and moment.",
)
_AS_SHOWN = Text(
    "--line を付けて示された行に署名し、その行をそのまま渡してください。",
    "Sign the line that --line shows, and bring it as it is.",
)
