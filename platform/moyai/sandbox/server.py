"""The HTTP side of the embedded cloud: moto's application on the loopback."""

from __future__ import annotations

import logging
from threading import Thread
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from moyai.sandbox.processes import LOOPBACK

logger = logging.getLogger(__name__)


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
        self._thread = Thread(target=self._server.serve_forever, name="http", daemon=True)

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


def moto_application() -> Any:
    """moto's own WSGI application."""
    return DomainDispatcherApplication(create_backend_app)
