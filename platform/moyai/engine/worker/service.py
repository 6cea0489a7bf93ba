"""The part of Pulumi's service API that an engine needs to update a stack, served by its worker.

An engine whose backend is a service sends what it does as entries of a journal, and goes on with a
step when it has the answer that its beginning is kept. With a folder or a bucket for a backend it
would write the whole state anew before and after each step. It listens on 127.0.0.1 with a token of
this worker's own, serves one update at a time, and hands out no stack but by that token.

The calls are those of `backend/httpstate/client` of the pinned engine.
"""

from __future__ import annotations

import gzip
import hmac
import secrets
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.update_journal import UpdateJournal
from moyai.engine.worker.secrets import Secrets
from moyai.errors import MoyaiError

OWNER = "organization"
"""The owner that DIY backends give all stacks."""
_JOURNAL_VERSION = 1
_CRYPTING = (["encrypt"], ["batch-encrypt"], ["decrypt"], ["batch-decrypt"])
_STACK_TYPE = "pulumi:pulumi:Stack"
_NO_STATE = {"manifest": {"time": "0001-01-01T00:00:00Z", "magic": "", "version": ""}}


class Service:
    """Serves the engines of one worker, one after another."""

    def __init__(self, store: CheckpointStore, held: Secrets) -> None:
        self._store = store
        self._secrets = held
        self._token = secrets.token_urlsafe(24)
        self._stack: StackId | None = None
        self._journal: UpdateJournal | None = None
        self._server = _Server(("127.0.0.1", 0), self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.problem: MoyaiError | OSError | None = None
        """Why entries could not be kept, of the update in hand."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which an engine finds it."""
        return {
            "PULUMI_BACKEND_URL": self.url,
            "PULUMI_ACCESS_TOKEN": self._token,
            "PULUMI_DEFAULT_ORGANIZATION": OWNER,
        }

    def begin(self, stack: StackId, journal: UpdateJournal) -> None:
        """Let the next engine's entries go into the journal of its stack."""
        self._stack, self._journal, self.problem = stack, journal, None

    def end(self) -> None:
        """Take no more entries; whoever still sends some is refused."""
        self._journal = None

    def is_known(self, authorization: str) -> bool:
        """Whether a request comes from an engine of this worker."""
        kind, _, token = authorization.partition(" ")
        is_ours = hmac.compare_digest(token.encode(errors="replace"), self._token.encode())
        return kind in ("token", "update-token") and is_ours

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Status and document for a call."""
        parts = path.partition("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "stacks"] and len(parts) >= 5 and parts[2] == OWNER:
            return self._of_stack(method, StackId(parts[3], parts[4]), parts[5:], body)
        if parts == ["api", "user"]:
            return 200, {"githubLogin": OWNER, "organizations": [{"githubLogin": OWNER}]}
        if parts == ["api", "capabilities"]:
            return 200, {"capabilities": [{"capability": "batch-encrypt"}]}
        if parts[:2] == ["api", "stacks"] and method == "HEAD":
            return 200, {}
        return _NOT_FOUND

    def _of_stack(
        self, method: str, stack: StackId, rest: list[str], body: bytes
    ) -> tuple[int, Mapping[str, Any]]:
        if method == "GET" and rest in ([], ["export"]):
            return self._state(stack, whole=bool(rest))
        if method == "POST" and rest in _CRYPTING:
            return self._crypt(stack, rest[0], body)
        if method == "POST" and len(rest) == 1:  # an update, preview, refresh, destroy is made
            return 200, {"updateID": "1"}
        if method == "POST" and len(rest) == 2:  # … and begins
            begun = {"version": 1, "token": self._token, "journalVersion": _JOURNAL_VERSION}
            return 200, begun
        if method == "PATCH" and rest[2:] == ["journalentries"]:
            return self._keep(stack, body)
        if method == "POST" and rest[2:] == ["renew_lease"]:
            return 200, {"token": self._token}
        if method == "POST" and rest[2:] in (["complete"], ["events", "batch"], ["cancel"]):
            return 200, {}  # how it ends, and its events, the worker knows by itself
        return _NOT_FOUND

    def _state(self, stack: StackId, *, whole: bool) -> tuple[int, Mapping[str, Any]]:
        if not whole:
            return self._name(stack) if self._store.exists(stack) else _NOT_FOUND
        checkpoint = self._store.read(stack)
        if checkpoint is None:
            return _NOT_FOUND
        state: dict[str, Any] = {"version": checkpoint.document["version"]}
        if checkpoint.features:
            state["features"] = list(checkpoint.features)
        seen = checkpoint.deployment if stack == self._stack else _outputs_only(checkpoint)
        deployment = self._secrets.for_engine(stack, seen, self.url)
        return 200, {**state, "deployment": deployment or _NO_STATE}

    def _name(self, stack: StackId) -> tuple[int, Mapping[str, Any]]:
        name = {"orgName": OWNER, "projectName": stack.project, "stackName": stack.name}
        return 200, {**name, "activeUpdate": "", "tags": {}, "version": 0}

    def _crypt(self, stack: StackId, verb: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        try:
            asked = orjson.loads(body)
            if verb == "encrypt":
                return 200, {"ciphertext": self._secrets.encrypt(stack, asked["plaintext"])}
            if verb == "batch-encrypt":
                plain = asked["plaintexts"]
                return 200, {"ciphertexts": [self._secrets.encrypt(stack, one) for one in plain]}
            if verb == "decrypt":
                return 200, {"plaintext": self._secrets.decrypt(stack, asked["ciphertext"])}
            texts = asked["ciphertexts"]
            return 200, {"plaintexts": {one: self._secrets.decrypt(stack, one) for one in texts}}
        except (ValueError, LookupError, TypeError) as error:
            return 400, {"code": 400, "message": f"{verb}: {type(error).__name__}"}

    def _keep(self, stack: StackId, body: bytes) -> tuple[int, Mapping[str, Any]]:
        journal = self._journal
        if journal is None or stack != self._stack:
            return 409, {"code": 409, "message": "this update has ended"}
        try:
            journal.take(self._secrets.for_keeping(stack, orjson.loads(body)["entries"]))
        except (ValueError, LookupError, TypeError) as error:
            return 400, {"code": 400, "message": f"no journal entries: {type(error).__name__}"}
        except (OSError, MoyaiError) as error:
            # Not a status that the engine tries again for: the step fails, and the run ends.
            self.problem = error
            return 400, {"code": 400, "message": "the journal cannot be written"}
        return 200, {}


def _outputs_only(checkpoint: Checkpoint) -> Mapping[str, Any]:
    """A stack as a reference to it sees it: a foundation is large, and each body refers to two."""
    if not checkpoint.resources:
        return checkpoint.deployment
    stacks = [one for one in checkpoint.resources if one["type"] == _STACK_TYPE]
    return {**checkpoint.deployment, "resources": stacks, "pending_operations": []}


_NOT_FOUND: tuple[int, Mapping[str, Any]] = (404, {"code": 404, "message": "Not Found"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        self.service = service
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking any name service who this is."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        if not self.server.service.is_known(self.headers.get("Authorization", "")):
            self.close_connection = True  # nothing is read of whoever is not known
            self._send(401, {"code": 401, "message": "Unauthorized"})
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            status, document = self.server.service.answer(self.command, self.path, body)
        except (OSError, MoyaiError) as error:
            status, document = 400, {"code": 400, "message": str(error)}
        self._send(status, document)

    def _send(self, status: int, document: Mapping[str, Any]) -> None:
        content = b"" if self.command == "HEAD" else orjson.dumps(document)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PATCH = _serve  # noqa: N815 - as they are called

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Say nothing."""
