"""Where a PostgreSQL URL leads, as libpq reads it, and how well the way there has to be guarded."""

from __future__ import annotations

import os
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL

from moyai.errors import UsageError
from moyai.loopback import is_loopback
from moyai.texts import Text

_GUARDED = ("require", "verify-ca", "verify-full")
_PORT = "5432"


@dataclass(frozen=True, slots=True)
class Host:
    """One of the servers that a URL names."""

    name: str
    """By which a password is looked up: `host`, else `hostaddr`. Empty: libpq's own socket."""
    address: str
    """Where it leads: `hostaddr`, or the name."""
    port: str

    @property
    def is_local(self) -> bool:
        """Whether nothing on the way leaves this machine: a socket, or the loopback."""
        return _is_socket(self.address) or is_loopback(self.address)


def conninfo(url: URL) -> str:
    """libpq's connection string of a URL."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def places_of(url: URL) -> tuple[tuple[str, str], ...]:
    """Hosts and ports as the lines of a password file have them, each once.

    A socket in libpq's default folder is looked up as `localhost`, in another by the folder (PostgreSQL's
    manual, "The Password File"). Which folder is the default is known to libpq alone: a socket has both lines.
    On this machine any port will do: what the sandbox starts has another each time.
    """
    found: list[tuple[str, str]] = []
    for host in hosts(url):
        names = [host.name or "localhost"]
        if _is_socket(host.name) and host.name:
            names.append("localhost")
        found += [(name, "*" if host.is_local else host.port) for name in names]
    return tuple(dict.fromkeys(found))


def is_local(url: URL) -> bool:
    """Whether a URL leads to this machine alone."""
    return all(host.is_local for host in hosts(url))


def guarded(url: URL) -> URL:
    """The URL with TLS asked for where the way leaves this machine.

    `require` unless the URL says `verify-ca` or `verify-full`. Raises `UsageError` where it says less.
    """
    if is_local(url):
        return url
    said = url.query.get("sslmode")
    if said is None:
        return url.update_query_dict({"sslmode": "require"})
    if said not in _GUARDED:
        raise UsageError(
            Text(
                f"operations_database の sslmode={said} では、暗号化されない接続がありえます。",
                f"with sslmode={said} of operations_database a connection may not be encrypted.",
            ),
            remedy=Text(
                "sslmode を消す（require になります）か、verify-full にしてください。",
                "Take sslmode away, which means require, or write verify-full.",
            ),
        )
    return url


def bound(url: URL) -> URL:
    """The URL of a login whose password both sides prove by SCRAM: over TLS without a look at the server's name
    the proof is bound to its certificate, so that nobody can stand between."""
    if url.query.get("sslmode") in ("require", "verify-ca"):
        return url.update_query_dict({"channel_binding": "require"})
    return url


def hosts(url: URL) -> tuple[Host, ...]:
    """The servers that a URL names, as libpq takes it with its variables."""
    known = conninfo_to_dict(conninfo(url))
    names = _listed(known.get("host") or os.environ.get("PGHOST"))
    addresses = _listed(known.get("hostaddr") or os.environ.get("PGHOSTADDR"))
    ports = _listed(known.get("port") or os.environ.get("PGPORT"))
    found = []
    for at in range(max(len(names), len(addresses), 1)):
        name = _at(names, at) or _at(addresses, at)
        port = ports[0] if len(ports) == 1 else _at(ports, at)
        found.append(Host(name, _at(addresses, at) or name, port or _PORT))
    return tuple(found)


def _listed(value: object) -> list[str]:
    return [] if value in (None, "") else str(value).split(",")


def _at(values: list[str], at: int) -> str:
    return values[at].strip() if at < len(values) else ""


def _is_socket(host: str) -> bool:
    """By a folder, or abstract; none is said: libpq's default."""
    return not host or host[0] in "/@"
