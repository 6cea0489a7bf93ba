"""The service that a worker's engines talk to: who is let in, and what it answers."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from moyai.engine.checkpoint import CheckpointStore
from moyai.engine.checkpoint_blobs import FolderBlobs
from moyai.engine.stacks import StackId
from moyai.engine.worker_service import Service

STACK = StackId("proj", "a")
OF_STACK = "/api/stacks/organization/proj/a"


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(FolderBlobs(tmp_path))
    store.create(STACK)
    return store


@pytest.fixture
def service(store: CheckpointStore) -> Service:
    return Service(store)


def call(
    service: Service,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    token = service.environment["PULUMI_ACCESS_TOKEN"]
    request = urllib.request.Request(
        service.environment["PULUMI_BACKEND_URL"] + path,
        data=body or None,
        headers={"Authorization": f"token {token}", **(headers or {})},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            content = answer.read()
            return answer.status, json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.parametrize("given", ["", "token", "token x", "Basic x", "token é"])
def test_nobody_else_is_let_in(service: Service, given: str) -> None:
    for path in ("/api/user", f"{OF_STACK}/export"):
        status, said = call(service, "GET", path, headers={"Authorization": given})
        assert status == 401
        assert said == {"code": 401, "message": "Unauthorized"}


def test_two_services_have_two_tokens(service: Service, store: CheckpointStore) -> None:
    other = Service(store)
    stolen = {"Authorization": f"token {other.environment['PULUMI_ACCESS_TOKEN']}"}
    assert call(service, "GET", "/api/user", headers=stolen)[0] == 401


def test_it_listens_on_the_loopback_only(service: Service) -> None:
    assert service.environment["PULUMI_BACKEND_URL"].startswith("http://127.0.0.1:")


def test_a_stack_and_one_that_is_not_there(service: Service) -> None:
    assert call(service, "GET", OF_STACK)[1]["stackName"] == "a"
    status, state = call(service, "GET", f"{OF_STACK}/export")
    assert (status, state["version"], state["deployment"].get("resources")) == (200, 3, None)
    assert call(service, "GET", "/api/stacks/organization/proj/b")[0] == 404
    assert call(service, "GET", "/api/stacks/other/proj/a")[0] == 404
    assert call(service, "GET", "/api/anything")[0] == 404
    assert call(service, "HEAD", "/api/stacks/organization/proj")[0] == 200


def test_entries_are_kept_before_they_are_answered(
    service: Service, store: CheckpointStore
) -> None:
    service.begin(store.journal(STACK, "v1"))
    resource = {"urn": "urn:pulumi:a::proj::t::x", "type": "t"}
    operation = {"type": "creating", "resource": resource}
    entry = {"version": 1, "kind": 0, "sequenceID": 1, "operationID": 1, "operation": operation}
    body = gzip.compress(json.dumps({"entries": [entry]}).encode())
    packed = {"Content-Encoding": "gzip"}
    where = f"{OF_STACK}/update/1/journalentries"
    assert call(service, "PATCH", where, body, packed) == (200, {})
    checkpoint = store.read(STACK)
    assert checkpoint is not None
    assert checkpoint.pending == [operation]
    service.end()
    assert call(service, "PATCH", where, body, packed)[0] == 409


def test_a_journal_that_cannot_be_written_fails_the_step(
    service: Service, store: CheckpointStore, tmp_path: Path
) -> None:
    (tmp_path / ".moyai").write_text("not a folder")
    service.begin(store.journal(STACK, "v1"))
    body = json.dumps({"entries": []}).encode()
    status, _ = call(service, "PATCH", f"{OF_STACK}/update/1/journalentries", body)
    assert status == 400  # a 5xx would be tried again for minutes
    assert isinstance(service.problem, OSError)
    service.begin(store.journal(STACK, "v1"))
    assert service.problem is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"x"'])
def test_a_batch_that_is_none_is_refused(
    service: Service, store: CheckpointStore, body: bytes
) -> None:
    service.begin(store.journal(STACK, "v1"))
    assert call(service, "PATCH", f"{OF_STACK}/update/1/journalentries", body)[0] == 400
    assert not store.is_open(STACK)
