"""Every client that works below a worker asks before each request, a retry too."""

from __future__ import annotations

import http.server
import os
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from moyai.allowance import VARIABLE
from moyai.engine.aws.sessions import aws_session
from moyai.engine.sites import EmbeddedSite
from moyai.jobs import submit
from moyai.provider.main import Database
from moyai.sandbox.aws.client import Clients


class Worker(socketserver.ThreadingTCPServer):
    """Gives leave at once, and counts it."""

    daemon_threads = True
    asked = 0


class _Answer(socketserver.StreamRequestHandler):
    server: Worker

    def handle(self) -> None:
        assert self.rfile.readline() == b"token\n"
        while line := self.rfile.readline():
            self.server.asked += int(line)
            self.wfile.write(line)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    with Worker(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(VARIABLE, f"127.0.0.1:{server.server_address[1]}:token")
        yield server
        server.shutdown()


@pytest.fixture
def environment(sandbox: EmbeddedSite, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    variables = sandbox.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _of_site(environment: Mapping[str, str]) -> Any:
    endpoint = environment["AWS_ENDPOINT_URL"]
    return aws_session(environment).client("ecs", endpoint_url=endpoint)


def _of_jobs(environment: Mapping[str, str]) -> Any:
    region, endpoint = environment["AWS_REGION"], environment["AWS_ENDPOINT_URL"]
    return submit._clients(boto3.Session(), region, endpoint).ecs


def _of_plugin(environment: Mapping[str, str]) -> Any:
    return Clients(boto3.Session()).get("ecs", environment["AWS_REGION"])


def _of_provider(environment: Mapping[str, str]) -> Any:
    session = boto3.Session()
    Database(session)
    return session.client("ecs", region_name=environment["AWS_REGION"])


@pytest.mark.parametrize("made", [_of_site, _of_jobs, _of_plugin, _of_provider])
def test_each_call_asks_once(
    worker: Worker, environment: Mapping[str, str], made: Callable[[Mapping[str, str]], Any]
) -> None:
    client = made(environment)
    for number in range(1, 4):
        client.list_clusters()
        assert worker.asked == number


def test_nothing_asks_without_the_variable(worker: Worker, environment: Mapping[str, str]) -> None:
    del os.environ[VARIABLE]
    _of_site(environment).list_clusters()
    assert worker.asked == 0


class _Busy(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_each_retry_asks_too(worker: Worker, environment: Mapping[str, str]) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = aws_session(environment).client(
            "ecs",
            endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
            config=Config(retries={"total_max_attempts": 3, "mode": "standard"}),
        )
        with pytest.raises(ClientError, match="503"):
            client.list_clusters()
        server.shutdown()
    assert worker.asked == 3
