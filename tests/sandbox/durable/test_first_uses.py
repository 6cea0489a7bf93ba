"""The operations database made ready by several commands at once, as workers and a person begin together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
from tests.logins import of_database

from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins

_PREPARE = """
import sys
from pathlib import Path
from sqlalchemy.engine import make_url
from moyai.operations.database.prepare import Logins, prepare
prepare(Logins(make_url(sys.argv[1]), Path(sys.argv[2])))
"""


def test_first_uses_at_once_wait_for_each_other(template: Logins, tmp_path: Path) -> None:
    standing = conninfo(template.url.set(database="standing"))
    with psycopg.connect(standing, autocommit=True) as connection:
        connection.execute("CREATE DATABASE begun_at_once")
    url = template.url.set(database="begun_at_once").render_as_string(hide_password=False)
    # The password files of one machine; the logins are the server's.
    folder = of_database(template, "begun_at_once").folder
    command = [sys.executable, "-c", _PREPARE, url, str(folder)]
    begun = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for one in begun:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
