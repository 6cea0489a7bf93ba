"""Receivers on the loopback that write down what they get, and a certificate authority of the tests' own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from receivers import Authority, MailServer, make_authority, web_server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for `localhost`; trusted by nobody unless a test says so."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The same, trusted by this process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    return authority


@pytest.fixture
def mail_server(authority: Authority) -> Iterator[MailServer]:
    """A server that takes mail."""
    with MailServer(authority) as server:
        yield server


@pytest.fixture
def web(authority: Authority) -> Iterator[object]:
    """A server that takes webhooks."""
    with web_server(None) as server:
        yield server


@pytest.fixture
def tls_web(authority: Authority) -> Iterator[object]:
    """The same by HTTPS."""
    with web_server(authority) as server:
        yield server
