"""Signatures on the command line: options of commands that take one, and what is read from their files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from moyai.approvals.elsewhere import brought
from moyai.approvals.signing import find_signer
from moyai.approvals.subjects import APPROVAL_NAMESPACE
from moyai.approvals.to_sign import ToSign
from moyai.registry.given_files import MOST_SIGNED, read_given
from moyai_cli.language import say

Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help=say(
            "署名する秘密鍵のファイル（省けば ssh-agent、~/.ssh）",
            "The private key to sign with; ssh-agent and ~/.ssh if left out",
        ),
    ),
]
Signature = Annotated[
    Path | None,
    typer.Option(
        "--signature",
        help=say(
            "ほかで作った署名のファイル（ssh-keygen -Y sign）",
            "A signature made elsewhere (ssh-keygen -Y sign)",
        ),
    ),
]
SignedLine = Annotated[
    Path | None,
    typer.Option(
        "--signed",
        help=say(
            "署名した行のファイル（署名の前に書いてあれば省ける）",
            "The line that was signed; left out where it stands before the signature",
        ),
    ),
]
OnlyLine = Annotated[
    bool,
    typer.Option("--line", help=say("署名する行を示すだけ", "Only show the line to sign")),
]


def line_and_signature(signature: Path, signed: Path | None) -> tuple[str | None, str]:
    """The line that was signed, where it was brought, and the signature. Raises `UsageError`."""
    line, words = brought(_content(signature))
    return (line if signed is None else _content(signed)), words


def signed_here(asked: ToSign, ssh_key: str, key: Path | None) -> str:
    """A signature by a person's key: of a file, of the agent. Raises `CannotSign`."""
    return find_signer(ssh_key, key, os.environ).sign(asked.line, APPROVAL_NAMESPACE)


def _content(file: Path) -> str:
    return read_given(file, MOST_SIGNED).decode("utf-8", "replace")
