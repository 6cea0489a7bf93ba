"""The HTTP side of the embedded cloud: moto's application on the loopback, behind the gate."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from moyai.sandbox.gate import Gate
from moyai.sandbox.processes import LOOPBACK

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_READS = re.compile(r"(Describe|Get|List|Head|Lookup|Search|Query|Scan|BatchGet|Select|Filter)")
_KEPT_AT_ONCE = ("CreateDBCluster", "DeleteDBCluster", "ModifyDBCluster")
"""What has a database behind it, which a lost change would leave apart from its record."""
STATUS_PATH = "/_moyai/status"
_FORM = "application/x-www-form-urlencoded"


class _Handler(MotoRequestHandler):
    disable_nagle_algorithm = True

    def log_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Requests are not logged: there are tens of thousands in a deploy."""


class HttpServer:
    """Serves a WSGI application on one port of the loopback, a thread for each connection."""

    def __init__(self, port: int, application: Any) -> None:
        self._server: BaseWSGIServer = make_server(
            LOOPBACK, port, application, threaded=True, request_handler=_Handler
        )
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="http",
            daemon=True,
        )

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


class Application:
    """moto's application: each request inside the gate, with its body read before."""

    def __init__(
        self,
        gate: Gate,
        flush: Callable[[], None],
        status: Callable[[], Mapping[str, object]],
    ) -> None:
        """`flush` returns when all that was done is on disk, `status` tells how the cloud is."""
        self._gate = gate
        self._flush = flush
        self._status = status
        self._moto = DomainDispatcherApplication(_service_application)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if "HTTP_ORIGIN" in environ:
            return _refuse(start_response, "The embedded cloud does not answer browsers.")
        if environ["PATH_INFO"].startswith("/moto-api/reset"):
            return _refuse(start_response, "Use moyai sandbox reset.")
        if environ["PATH_INFO"] == STATUS_PATH:
            return _answer_status(start_response, self._status())
        body = _read_body(environ)
        answer = self._ask_moto(environ, start_response, body)
        if action_of(environ, body) in _KEPT_AT_ONCE:
            self._flush()
        return answer

    def _ask_moto(
        self, environ: Environ, start_response: StartResponse, body: bytes
    ) -> Iterable[bytes]:
        with self._gate.request(changes=changes_something(environ, body)):
            try:
                answer: Iterable[bytes] = self._moto(environ, start_response)
            except NotImplementedError as error:
                return _fail(environ, start_response, "501 Not Implemented", str(error))
            except Exception as error:
                logger.exception("%s failed", action_of(environ, body) or "a request")
                words = f"{type(error).__name__} in the embedded cloud: {error}"
                return _fail(environ, start_response, "500 Internal Server Error", words)
        return answer


def _service_application(service: Any) -> Any:
    """moto's application of one service, without Flask's debugging aids (a tenth of a request)."""
    application = create_backend_app(service)
    application.debug = False
    application.config["PROPAGATE_EXCEPTIONS"] = True
    return application


def action_of(environ: Environ, body: bytes) -> str:
    """The action that a request names (`CreateSecret`); empty where it is in the URL's form."""
    action = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    if not action and environ.get("CONTENT_TYPE", "").startswith(_FORM):
        action = parse_qs(body[:4096].decode("utf-8", "replace")).get("Action", [""])[0]
    return action


def changes_something(environ: Environ, body: bytes) -> bool:
    """Whether a request may change resources. In doubt it may."""
    action = action_of(environ, body)
    if action:
        return _READS.match(action) is None
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD")


def _read_body(environ: Environ) -> bytes:
    """Take the whole body from the client, so that a slow one does not stay inside the gate."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _answer_status(start_response: StartResponse, status: Mapping[str, object]) -> Iterable[bytes]:
    content = json.dumps(status).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response("200 OK", headers)
    return [content]


def _refuse(start_response: StartResponse, words: str) -> Iterable[bytes]:
    content = words.encode()
    start_response("403 Forbidden", [("Content-Length", str(len(content)))])
    return [content]


def _fail(
    environ: Environ, start_response: StartResponse, status: str, words: str
) -> Iterable[bytes]:
    """An error that AWS clients can read, in place of a page of HTML."""
    code = "InternalFailure" if status.startswith("500") else "NotImplemented"
    if "HTTP_X_AMZ_TARGET" in environ or "json" in environ.get("CONTENT_TYPE", ""):
        kind, content = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": words})
    else:
        kind = "text/xml"
        error = f"<Error><Code>{code}</Code><Message>{escape(words)}</Message></Error>"
        is_s3 = "/s3/" in environ.get("HTTP_AUTHORIZATION", "")
        content = error if is_s3 else f"<ErrorResponse>{error}</ErrorResponse>"
    encoded = content.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(encoded)))])
    return [encoded]
