"""Signing by OpenSSH's own `ssh-keygen -Y sign`: it asks for passphrases and touches by itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moyai.approvals.signatures import read_signature
from moyai.approvals.signing_errors import CannotSign
from moyai.approvals.wire import Malformed
from moyai.texts import Text

_SIGNS_IN_SECONDS = 300
"""A person types a passphrase or looks for the security key."""


def keygen(environ: Mapping[str, str]) -> str:
    """Where `ssh-keygen` is. Raises `CannotSign` where it is not on PATH."""
    found = shutil.which("ssh-keygen", path=environ.get("PATH"))
    if found is None:
        raise CannotSign(
            Text(
                "パスフレーズ付きの鍵とセキュリティキーには ssh-keygen が要りますが、見つかりません。",
                "Keys under a passphrase and security keys need ssh-keygen, which is not on PATH.",
            ),
            Text(
                "OpenSSH を入れるか、鍵を ssh-agent に加えてください。",
                "Install OpenSSH, or add the key to an ssh-agent.",
            ),
        )
    return found


@dataclass(frozen=True, slots=True)
class KeygenSigner:
    """Signs with a key file of any kind."""

    file: Path
    program: str
    environ: Mapping[str, str]

    def sign(self, message: bytes, namespace: str) -> str:
        """An armoured SSH signature. Raises `CannotSign`."""
        command = [self.program, "-q", "-Y", "sign", "-f", str(self.file), "-n", namespace]
        try:
            # Its own questions and errors go to the terminal, never through this process.
            done = subprocess.run(
                command,
                input=message,
                stdout=subprocess.PIPE,
                env=dict(self.environ),
                timeout=_SIGNS_IN_SECONDS,
                check=True,
            )
            text = done.stdout.decode("ascii")
            read_signature(text)
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError, Malformed):
            raise CannotSign(
                Text(
                    f"ssh-keygen が {self.file} で署名しませんでした。",
                    f"ssh-keygen did not sign with {self.file}.",
                ),
                Text(
                    "パスフレーズやセキュリティキーを確かめて、もう一度実行してください。",
                    "Check the passphrase or the security key, then run it once more.",
                ),
            ) from None
        return text
