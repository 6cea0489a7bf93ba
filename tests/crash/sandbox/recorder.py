"""The embedded cloud with a record of each request that may change something: in tests alone.

`python -m tests.crash.sandbox.recorder CONFIG`, in the place of `moyai.sandbox.daemon`. The record is a file
that Moyai knows nothing of, a line for each request, written whole once it is answered; `at` and `begun` are a
clock of the host that nobody sets. What is secret in a request is left out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.crash.sandbox.askers import Askers

from moyai.registry.build import SANDBOX
from moyai.sandbox import control, daemon
from moyai.sandbox.layout import Layout

RECORD = "MOYAI_CRASH_REQUESTS"
ROOT = Path(__file__).parents[3]
_SECRET = re.compile(r"(?i)secretstring|secretbinary|password|plaintext|blob")
_CREDENTIAL = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_LONGEST = 300
_REGISTERS = "RegisterTaskDefinition"
_REFUSED = 400
"""From this status on a request was not done."""


@dataclass(frozen=True)
class Request:
    """One request that may have changed something."""

    begun: float
    at: float
    service: str
    action: str
    """Of S3 the method."""
    path: str
    given: Mapping[str, str]
    """What it was asked with, flat; of a task definition the image."""
    status: int
    revision: int | None = None
    """Of a task definition that was registered, by the answer."""

    @property
    def done(self) -> bool:
        """Whether it was answered as done."""
        return self.status < _REFUSED

    def is_about(self, code: str) -> bool:
        """Whether a body's code stands in it, as in all names of its resources."""
        mark = re.compile(rf"(?<!\d){code}(?!\d)")
        return any(mark.search(one) for one in (self.path, *self.given.values()))


def requests(path: Path) -> Iterator[Request]:
    """All of a record, in the order in which they were answered."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Request(**json.loads(line))


def start(home: Path, project: Path, record: Path) -> None:
    """Start a site's cloud with a record; whoever opens the site finds it running."""
    layout = Layout(home / "sites" / SANDBOX.name)
    layout.prepare()
    reader, writer = os.pipe()
    given = daemon.Config(
        str(layout.home), str(project), SANDBOX.account_id, SANDBOX.region, writer
    )
    kept = {name: os.environ[name] for name in control._KEPT_VARIABLES if name in os.environ}
    paths = {"PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}", RECORD: str(record)}
    first = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.sandbox.recorder", given.to_json()],
        stdin=subprocess.DEVNULL,
        pass_fds=(writer,),
        start_new_session=True,
        cwd="/",
        env={**kept, **paths},
    )
    os.close(writer)
    answer = control._read_answer(reader)
    os.close(reader)
    first.wait(60)
    assert answer.get("ok"), answer


def main(arguments: list[str]) -> None:
    """Run the cloud; its server is wrapped as soon as it is imported."""
    from moyai.sandbox import service

    importing = service.import_module

    def wrapping(name: str) -> Any:
        module = importing(name)
        _wrap(Path(os.environ[RECORD]))
        return module

    setattr(service, "import_module", wrapping)  # noqa: B010
    daemon.main(arguments)


def _wrap(path: Path) -> None:
    from moyai.sandbox import server

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    askers = Askers(path.parent)
    ask = server.Application.__call__

    def recorded(self: Any, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = server._read_body(environ)
        if not server.changes_something(environ, body):
            return ask(self, environ, start_response)
        begun, statuses = _now(), ["500"]

        def started(status: str, *more: Any) -> Any:
            statuses.append(status)
            return start_response(status, *more)

        action, answer = server.action_of(environ, body), list[bytes]()
        try:
            answer.extend(ask(self, environ, started))
            return answer
        finally:
            code = int(statuses[-1].split(" ")[0])
            told = _told(environ, body, action, begun, code)
            if action == _REGISTERS and code < _REFUSED:
                told = {**told, "revision": _revision(answer)}
            line = json.dumps(told)
            os.write(handle, f"{line}\n".encode())
            if code < _REFUSED:
                askers.done(environ, action or environ["REQUEST_METHOD"])

    setattr(server.Application, "__call__", recorded)  # noqa: B010


def _told(
    environ: Mapping[str, Any], body: bytes, action: str, begun: float, status: int
) -> dict[str, object]:
    service = _CREDENTIAL.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    return {
        "begun": begun,
        "at": _now(),
        "service": service[1] if service else "",
        "action": action or environ["REQUEST_METHOD"],
        "path": f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"[:_LONGEST],
        "given": _given(environ, body),
        "status": status,
    }


def _revision(answer: Iterable[bytes]) -> int:
    return int(json.loads(b"".join(answer))["taskDefinition"]["revision"])


def _given(environ: Mapping[str, Any], body: bytes) -> dict[str, str]:
    kind = str(environ.get("CONTENT_TYPE", ""))
    found: list[tuple[str, object]] = []
    if "HTTP_X_AMZ_TARGET" in environ or "json" in kind:
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
        if isinstance(document, dict):
            found = list(document.items())
            containers = document.get("containerDefinitions")
            if isinstance(containers, list) and containers:
                found.append(("image", containers[0].get("image")))
    elif kind.startswith("application/x-www-form-urlencoded"):
        found = list(parse_qsl(body.decode("utf-8", "replace")))
    return {
        name: value
        for name, value in found
        if isinstance(value, str) and len(value) <= _LONGEST and not _SECRET.search(name)
    }


def _now() -> float:
    return time.clock_gettime(time.CLOCK_MONOTONIC)


if __name__ == "__main__":
    main(sys.argv[1:])
