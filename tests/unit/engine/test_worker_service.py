"""The service that a worker's engines talk to: who is let in, and what it answers."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.worker.passphrase import Passphrase, WrongPassphraseError
from moyai.engine.worker.secrets import Secrets
from moyai.engine.worker.service import Service

STACK = StackId("proj", "a")
MARK, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
OF_STACK = "/api/stacks/organization/proj/a"


@pytest.fixture(scope="module")
def engine_salt() -> str:
    """The state that the engine makes for a passphrase, made by hand."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = b"8 bytes.", b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha256", b"a passphrase for tests", salt, 1_000_000, 32)
    known = b64encode(AESGCM(key).encrypt(nonce, b"pulumi", None)).decode()
    return f"v1:{b64encode(salt).decode()}:v1:{b64encode(nonce).decode()}:{known}"


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(FolderBlobs(tmp_path))
    store.create(STACK)
    return store


@pytest.fixture
def service(store: CheckpointStore) -> Service:
    return Service(store, Secrets({}))


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
    other = Service(store, Secrets({}))
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


def test_a_stack_that_another_one_refers_to_is_told_without_its_resources(
    service: Service, store: CheckpointStore
) -> None:
    stack = {"urn": "urn:pulumi:a::proj::pulumi:pulumi:Stack::proj-a", "outputs": {"id": "x"}}
    resources = [
        {**stack, "type": "pulumi:pulumi:Stack"},
        {"urn": "urn:pulumi:a::proj::aws:s3/bucket:Bucket::b", "type": "aws:s3/bucket:Bucket"},
    ]
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "m", "version": "v1"}
    found = store.read(STACK)
    assert found is not None
    latest = {"manifest": manifest, "resources": resources}
    store.replace(STACK, {**found.document, "checkpoint": {"stack": "s", "latest": latest}})
    service.begin(StackId("proj", "b"), store.journal(StackId("proj", "b"), "v1"))
    told = call(service, "GET", f"{OF_STACK}/export")[1]["deployment"]
    assert told == {"manifest": manifest, "resources": resources[:1], "pending_operations": []}
    service.begin(STACK, store.journal(STACK, "v1"))
    assert call(service, "GET", f"{OF_STACK}/export")[1]["deployment"] == latest


def test_entries_are_kept_before_they_are_answered(
    service: Service, store: CheckpointStore
) -> None:
    service.begin(STACK, store.journal(STACK, "v1"))
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
    elsewhere = where.replace("/proj/a/", "/proj/b/")
    assert call(service, "PATCH", elsewhere, body, packed)[0] == 409
    service.end()
    assert call(service, "PATCH", where, body, packed)[0] == 409


def test_a_journal_that_cannot_be_written_fails_the_step(
    service: Service, store: CheckpointStore, tmp_path: Path
) -> None:
    (tmp_path / ".moyai").write_text("not a folder")
    service.begin(STACK, store.journal(STACK, "v1"))
    body = json.dumps({"entries": []}).encode()
    status, _ = call(service, "PATCH", f"{OF_STACK}/update/1/journalentries", body)
    assert status == 400  # a 5xx would be tried again for minutes
    assert isinstance(service.problem, OSError)
    service.begin(STACK, store.journal(STACK, "v1"))
    assert service.problem is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"x"'])
def test_a_batch_that_is_none_is_refused(
    service: Service, store: CheckpointStore, body: bytes
) -> None:
    service.begin(STACK, store.journal(STACK, "v1"))
    assert call(service, "PATCH", f"{OF_STACK}/update/1/journalentries", body)[0] == 400
    assert not store.is_open(STACK)


SALT = "v1:CE078+PCMqc=:v1:SEht2KCtj1H+mBr+:vu3iwYf5Li38H97YCsCskyNj+M+LgA=="
"""Of another passphrase than the tests'."""


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("a passphrase for tests\n")
    return path


def test_values_come_back_and_only_under_their_own_key(engine_salt: str) -> None:
    key = Passphrase(engine_salt, "a passphrase for tests")
    for value in (b"", b"x", "府".encode() * 5000, b"\xff\x00"):
        sealed = key.encrypt(value)
        assert sealed != key.encrypt(value)
        assert key.decrypt(sealed) == value
    head, nonce, tail = key.encrypt(b"value").split(":")
    for broken in (
        "",
        "v1",
        "v2:a:b",
        f"{head}:{nonce}:AAAA{tail[4:]}",
        f"{head}:{nonce}",
        "v1:é:é",
    ):
        with pytest.raises(WrongPassphraseError):
            key.decrypt(broken)
    for state in (SALT, "", "v1:", "v2:x:y", "v1:%%%:v1:a:b"):
        with pytest.raises(WrongPassphraseError):
            Passphrase(state, "a passphrase for tests")
    with pytest.raises(WrongPassphraseError):
        Passphrase(engine_salt, "another one")


def test_secrets_are_served_in_one_form_and_kept_in_the_other(
    store: CheckpointStore, phrase: Path, engine_salt: str
) -> None:
    held = Secrets({"PULUMI_CONFIG_PASSPHRASE_FILE": str(phrase)})
    service = Service(store, held)
    assert held.open(STACK, engine_salt)
    assert not held.open(StackId("proj", "other"), SALT)  # whose engine says what is wrong
    assert not held.open(StackId("proj", "other"), None)
    plain = b64encode(b"hush").decode()
    sealed = call(service, "POST", f"{OF_STACK}/encrypt", _json(plaintext=plain))[1]["ciphertext"]
    secret = {MARK: SECRET, "ciphertext": sealed}
    inputs = {"secretsProvider": "a word", "secrets_providers": {"type": "service"}}
    resource = {"urn": "urn:pulumi:a::proj::t::x", "type": "t", "outputs": {"in": [secret]}}
    resource["inputs"] = inputs  # of a resource that has properties of these names
    manager = {"type": "service", "state": {"url": service.url}}
    entries = [
        {"version": 1, "kind": 6, "sequenceID": 1, "operationID": 1, "secretsProvider": manager},
        {"version": 1, "kind": 1, "sequenceID": 2, "operationID": 2, "state": resource},
    ]
    service.begin(STACK, store.journal(STACK, "v1"))
    body = _json(entries=entries)
    assert call(service, "PATCH", f"{OF_STACK}/update/1/journalentries", body)[0] == 200
    service.end()
    store.fold(STACK)
    kept = store.read(STACK)
    assert kept is not None
    assert kept.deployment["secrets_providers"] == {
        "type": "passphrase",
        "state": {"salt": engine_salt},
    }
    assert kept.resources[0]["inputs"] == inputs
    (value,) = kept.resources[0]["outputs"]["in"]
    key = Passphrase(engine_salt, "a passphrase for tests")
    assert key.decrypt(value["ciphertext"]) == b"hush"
    served = call(service, "GET", f"{OF_STACK}/export")[1]["deployment"]
    assert served["secrets_providers"]["type"] == "service"
    (value,) = served["resources"][0]["outputs"]["in"]
    asked = _json(ciphertexts=[value["ciphertext"]])
    answer = call(service, "POST", f"{OF_STACK}/batch-decrypt", asked)[1]
    assert answer == {"plaintexts": {value["ciphertext"]: plain}}
    one = _json(ciphertext=value["ciphertext"])
    assert call(service, "POST", f"{OF_STACK}/decrypt", one)[1] == {"plaintext": plain}
    both = _json(plaintexts=[plain, b64encode(b"now").decode()])
    sealed = call(service, "POST", f"{OF_STACK}/batch-encrypt", both)[1]["ciphertexts"]
    opened = [
        call(service, "POST", f"{OF_STACK}/decrypt", _json(ciphertext=one))[1]["plaintext"]
        for one in sealed
    ]
    assert [b64decode(one) for one in opened] == [b"hush", b"now"]
    for verb, wrong in (
        ("decrypt", _json(ciphertext="AAAA")),
        ("decrypt", b"[]"),
        ("encrypt", b"{"),
        ("batch-encrypt", _json(plaintexts="hush")),
        ("batch-decrypt", _json(ciphertexts=1)),
    ):
        assert call(service, "POST", f"{OF_STACK}/{verb}", wrong)[0] == 400
    assert call(service, "POST", "/api/stacks/organization/proj/b/decrypt", one)[0] == 400


def _json(**content: Any) -> bytes:
    return json.dumps(content).encode()
