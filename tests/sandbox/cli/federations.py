"""Small federations out of the sample, handled with the command line as a person would."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sample import SAMPLE, lay_out
from tests.warm import PROGRAM, run_warm

KEPT = ("272027", "272043", "273813")
"""岸和田市 with two services, 池田市 with two, 太子町 with none."""
DAY = "2026-11-23"


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its output, parsed."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Federation:
    """A project folder with its own MOYAI_HOME."""

    folder: Path
    home: Path

    @property
    def file(self) -> Path:
        """Its tenants.yaml."""
        return self.folder / "tenants.yaml"

    def environment(self) -> dict[str, str]:
        """What its commands run with."""
        return {**os.environ, "MOYAI_HOME": str(self.home), "MOYAI_LANG": "en"}

    def command(self, *arguments: str) -> list[str]:
        """A command line."""
        return [sys.executable, "-c", PROGRAM, *arguments]

    def moyai(self, *arguments: str) -> Answer:
        """Run a command to its end."""
        done = run_warm(arguments, self.folder, self.environment(), 240)
        return Answer(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str) -> Answer:
        """Run a command that must exit with 0."""
        answer = self.moyai(*arguments)
        assert answer.code == 0, answer.out + answer.err
        return answer

    def statuses(self) -> dict[str, Any]:
        """Code → record of `moyai status`."""
        found = self.ok("status", "--as-of", DAY, "--output", "json").json()
        return {one["code"]: one for one in found}

    def edit(self, before: str, after: str) -> None:
        """Replace words in tenants.yaml that must be there."""
        text = self.file.read_text(encoding="utf-8")
        assert before in text
        self.file.write_text(text.replace(before, after), encoding="utf-8")

    def target(self, service: str, release: str) -> None:
        """Set a service's target release in tenants.yaml."""
        text = self.file.read_text(encoding="utf-8")
        pattern = rf"(?m)^(  {service}:.*\n    release: )\S+"
        after, found = re.subn(pattern, rf"\g<1>{release}", text)
        assert found == 1
        self.file.write_text(after, encoding="utf-8")

    def variables(self) -> dict[str, str]:
        """The AWS variables that `moyai sandbox env` prints."""
        lines = self.ok("sandbox", "env").out.splitlines()
        pairs = (shlex.split(line.removeprefix("export "))[0].partition("=") for line in lines)
        return {name: value for name, _, value in pairs}


def trimmed(text: str, kept: tuple[str, ...]) -> str:
    """The sample with some of its bodies only."""
    head, _, tail = text.partition("\ntenants:\n")
    bodies = re.split(r"(?m)^(?=  - code: )", tail)
    wanted = [body for body in bodies if body.startswith(tuple(f'  - code: "{c}"' for c in kept))]
    return head + "\ntenants:\n" + "".join(wanted)


def make_federation(folder: Path, home: Path, kept: tuple[str, ...] = KEPT) -> Federation:
    """A project folder with part of the sample and all its services."""
    text = SAMPLE.read_text(encoding="utf-8")
    text = re.sub(r"(?m)(- &nendo .*)2027(.*)2027", r"\g<1>2099\g<2>2099", text)  # never frozen
    lay_out(folder, trimmed(text, kept))
    return Federation(folder, home)
