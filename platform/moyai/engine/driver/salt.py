"""The key that new stacks' secrets are encrypted with, where a passphrase makes it.

Pulumi derives the key from the passphrase and a salt by a million rounds of PBKDF2, which is a
third of the engine's start. All stacks of a site share one salt: an update that reads another
stack's outputs then derives one key, not two. The salt's work, to keep one table of guesses from
serving many passphrases, is untouched by that, as all stacks have one passphrase anyway; and values
are encrypted by AES-256-GCM with random nonces, of which one key takes billions.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from moyai.engine.files import disk_trouble, private_folder
from moyai.engine.worker.engine import pulumi_home
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

_SECONDS = 60.0


def shared_salt(engine: Path, home: Path, environment: Mapping[str, str]) -> str:
    """The state of the passphrase's secrets manager, `v1:…`, made by the engine at first.

    It says whether a passphrase is the right one and is no secret. Raises `OperationFailed` where
    the passphrase cannot be read.
    """
    kept = home / "engine" / "encryption-salt"
    try:
        return kept.read_text().strip()
    except FileNotFoundError:
        salt = _make(engine, home, environment)
    private_folder(kept.parent)
    handle, name = tempfile.mkstemp(dir=kept.parent)
    with os.fdopen(handle, "w") as file:
        file.write(salt)
    try:
        os.link(name, kept)  # where two commands begin at once, the first one's salt stays
    except FileExistsError:
        return kept.read_text().strip()
    finally:
        Path(name).unlink()
    return salt


def _make(engine: Path, home: Path, environment: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="moyai-salt-") as folder:
        place = Path(folder)
        (place / "Pulumi.yaml").write_text(json.dumps({"name": "salt", "runtime": "python"}))
        (place / "state").mkdir()
        variables = {
            **environment,
            "PULUMI_BACKEND_URL": f"file://{place / 'state'}",
            "PULUMI_HOME": str(pulumi_home(home)),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        command = [str(engine), "stack", "init", "salt", "--non-interactive"]
        try:
            ended = subprocess.run(
                command,
                cwd=place,
                env=variables,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
            settings = (place / "Pulumi.salt.yaml").read_text() if ended.returncode == 0 else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _no_key(str(error)) from error
    for line in settings.splitlines():
        name, _, value = line.partition(": ")
        if name == "encryptionsalt":
            return value.strip()
    raise _no_key(ended.stderr.decode(errors="replace"))


def _no_key(said: str) -> OperationFailed:
    if os.strerror(errno.ENOSPC).lower() in said.lower():
        return disk_trouble(
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "PULUMI_HOME", NOTHING_TOUCHED
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    said = lines[-1] if lines else "?"
    return OperationFailed(
        Text(
            f"状態の暗号鍵を用意できません: {said}",
            f"the key for the state's secrets cannot be made: {said}",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "拠点の合言葉ファイルが読めるか確かめてください。",
            "See whether the site's passphrase file can be read.",
        ),
    )
