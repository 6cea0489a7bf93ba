"""The cloud's life: starting, stopping, being killed, being damaged, two at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import cloud_variety
import psutil
import psycopg
import pytest
from sandboxes import client_of, disk, open_sandbox

from moyai.engine.sites import EmbeddedSite
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.sandbox.keeping.doubts import BEGINNING
from moyai.sandbox.processes import Identity, wait_until

TOKYO = {"LocationConstraint": "ap-northeast-1"}
STARTS_IN = 60.0
"""Seconds; 5 on a machine that does nothing else."""
LOSES = timedelta(seconds=3)
"""2 seconds on a machine that does nothing else."""


@pytest.fixture(scope="module")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSite]:
    """A sandbox of this file's own, which its tests kill and damage."""
    site = open_sandbox(tmp_path_factory.mktemp("lifecycle"))
    yield site
    site.reset()


@pytest.fixture
def site(new_site: EmbeddedSite) -> EmbeddedSite:
    """That sandbox, running."""
    new_site.start()
    return new_site


def pid_of(site: EmbeddedSite) -> int:
    pid = site.status()["pid"]
    assert isinstance(pid, int)
    return pid


def kill(site: EmbeddedSite) -> None:
    identity = Identity.of(pid_of(site))
    assert identity is not None
    identity.send(signal.SIGKILL)
    assert identity.wait_gone(5)


def buckets(site: EmbeddedSite) -> set[str]:
    return {bucket["Name"] for bucket in client_of(site, "s3").list_buckets()["Buckets"]}


def make_bucket(site: EmbeddedSite, name: str) -> None:
    client_of(site, "s3").create_bucket(Bucket=name, CreateBucketConfiguration=TOKYO)


def wait_until_kept(site: EmbeddedSite) -> None:
    assert wait_until(lambda: site.status()["snapshot_age_seconds"] == 0, 10)


def newest(site: EmbeddedSite) -> Path:
    return max((site.home / "cloud" / "snapshots").glob("*.snapshot"))


def test_before_the_first_start_there_is_nothing(new_site: EmbeddedSite) -> None:
    assert new_site.status()["running"] is False
    assert new_site.doubts() == ()
    assert not new_site.home.exists()
    new_site.stop()
    with pytest.raises(OperationFailed, match="not running"):
        new_site.environment()


def test_two_starts_at_once_make_one_cloud(new_site: EmbeddedSite) -> None:
    threads = [Thread(target=new_site.start) for _ in range(2)]
    before = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - before < STARTS_IN
    status = new_site.status()
    assert status["running"] is True
    home = str(new_site.home)
    found = [
        p.pid
        for p in psutil.process_iter(["cmdline"])
        if "moyai.sandbox.daemon" in (p.info["cmdline"] or ()) and home in str(p.info["cmdline"])
    ]
    assert found == [status["pid"]]


def test_everything_survives_stop_and_start(site: EmbeddedSite) -> None:
    aws = partial(client_of, site)
    made = cloud_variety.make(aws)
    before = cloud_variety.look(aws, made)
    endpoint = site.environment()["AWS_ENDPOINT_URL"]
    site.stop()
    assert site.status()["running"] is False
    site.start()
    assert cloud_variety.look(aws, made) == before
    assert before["decrypted"] == before["far"] == b"words"
    assert before["large"] is True
    assert site.environment()["AWS_ENDPOINT_URL"] == endpoint
    assert site.doubts() == ()
    status = site.status()
    assert (status["not_kept"], status["snapshot_problem"]) == ([], None)


def test_databases_survive_stop_and_start(site: EmbeddedSite) -> None:
    rds = client_of(site, "rds")
    rds.create_db_cluster(
        DBClusterIdentifier="kept",
        Engine="aurora-postgresql",
        MasterUsername="master",
        MasterUserPassword="some-word",
    )
    found = rds.describe_db_clusters(DBClusterIdentifier="kept")["DBClusters"][0]
    connect = partial(
        psycopg.connect,
        f"host={found['Endpoint']} port={found['Port']} user=master dbname=postgres",
        password="some-word",
        autocommit=True,
    )
    with closing(connect()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        site.stop()
    with pytest.raises(psycopg.OperationalError):
        connect()
    site.start()
    with closing(connect()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_kill_without_changes_leaves_no_doubt(site: EmbeddedSite) -> None:
    wait_until_kept(site)
    before = buckets(site)
    kill(site)
    assert site.doubts() == ()
    site.start()
    assert buckets(site) == before
    assert site.doubts() == ()


def test_a_kill_loses_two_seconds_at_most_and_says_so(site: EmbeddedSite) -> None:
    made: dict[str, datetime] = {}
    end = time.monotonic() + 4
    while time.monotonic() < end:
        name = f"bucket-{len(made)}"
        make_bucket(site, name)
        made[name] = datetime.now(UTC)
        time.sleep(0.02)
    killed_at = datetime.now(UTC)
    kill(site)
    (before,) = site.doubts()
    site.start()
    (doubt,) = site.doubts()
    lost = set(made) - buckets(site)
    assert killed_at - doubt.since <= LOSES
    assert doubt.until > killed_at
    assert before.since == doubt.since
    assert all(doubt.since <= made[name] <= doubt.until for name in lost)
    assert all(name in lost or made[name] <= killed_at for name in made)
    assert "killed" in doubt.reason.en


def test_a_killed_zygote_and_a_killed_database_are_replaced(site: EmbeddedSite) -> None:
    children = psutil.Process(pid_of(site)).children()
    (zygote,) = (p for p in children if "moyai.sandbox.zygote" in p.cmdline())
    zygote.kill()
    databases = site.status()["databases"]
    assert isinstance(databases, list)
    (folder,) = (
        site.home / "cloud" / "postgres" / d["key"] for d in databases if d["name"] == "kept"
    )
    server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    run_file = site.home / "cloud" / "run.json"
    before = run_file.stat().st_mtime_ns
    os.kill(server, signal.SIGKILL)

    def running() -> bool:
        found = site.status()["databases"]
        return isinstance(found, list) and all(d["running"] for d in found)

    assert wait_until(lambda: not running(), 5) or running()
    assert wait_until(running, 15)
    assert wait_until(lambda: run_file.stat().st_mtime_ns > before, 15), "the last it does for that"


def test_beside_a_cloud_whose_run_file_is_damaged_no_other_is_started(site: EmbeddedSite) -> None:
    pid, run_file = pid_of(site), site.home / "cloud" / "run.json"
    kept = run_file.read_bytes()
    run_file.write_text("{}")
    assert site.status()["running"] is False
    with pytest.raises(OperationFailed, match="it runs already"):
        site.start()
    run_file.write_bytes(kept)
    assert pid_of(site) == pid


def test_stop_ends_the_databases_of_a_killed_cloud(site: EmbeddedSite) -> None:
    wait_until_kept(site)
    files = list((site.home / "cloud" / "postgres").glob("*/data/postmaster.pid"))
    servers = [Identity.of(int(file.read_text().splitlines()[0])) for file in files]
    assert len(servers) == 2
    kill(site)
    site.stop()
    assert not any(server is not None and server.is_alive() for server in servers)
    site.start()
    assert "kept" in buckets(site)


def test_a_damaged_snapshot_gives_way_to_the_one_before(site: EmbeddedSite) -> None:
    make_bucket(site, "before")
    wait_until_kept(site)
    make_bucket(site, "after")
    site.stop()
    doubts = site.doubts()
    path = newest(site)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    site.start()
    (doubt,) = site.doubts()[len(doubts) :]
    assert "the one before it was restored" in doubt.reason.en
    assert "before" in buckets(site)
    assert "after" not in buckets(site)
    log = (site.home / "cloud" / "cloud.log").read_text()
    assert "Traceback" not in log, log


def test_a_taken_port_moves_the_database_its_secrets_and_makes_doubt(site: EmbeddedSite) -> None:
    secrets, rds = client_of(site, "secretsmanager"), client_of(site, "rds")
    old = rds.describe_db_clusters(DBClusterIdentifier="kept")["DBClusters"][0]["Port"]
    value = {"username": "u", "password": "p", "host": "127.0.0.1", "port": old, "dbname": "d"}
    secrets.create_secret(Name="login", SecretString=json.dumps(value))
    site.stop()
    doubts = site.doubts()
    with psutil_listener(old):
        site.start()
    new = client_of(site, "rds").describe_db_clusters(DBClusterIdentifier="kept")["DBClusters"][0]
    moved = json.loads(
        client_of(site, "secretsmanager").get_secret_value(SecretId="login")["SecretString"]
    )
    assert new["Port"] != old
    assert moved == {**value, "port": new["Port"]}
    (doubt,) = site.doubts()[len(doubts) :]
    assert doubt.since == BEGINNING


def psutil_listener(port: int) -> Any:
    """Something else that listens on a port."""
    import socket

    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind(("127.0.0.1", port))
    other.listen()
    return closing(other)


def test_two_sandboxes_live_side_by_side(site: EmbeddedSite, tmp_path: Path) -> None:
    other = open_sandbox(tmp_path / "other")
    other.start()
    try:
        make_bucket(other, "of-the-other")
        assert "of-the-other" not in buckets(site)
        assert buckets(other) == {"of-the-other"}
        ports = [set(listening(s)) for s in (site, other)]
        assert not ports[0] & ports[1]
        other.stop()
        assert site.status()["running"] is True
        assert "kept" in buckets(site)
    finally:
        other.reset()
    assert not other.home.exists()


def listening(site: EmbeddedSite) -> list[tuple[str, int]]:
    """Where a cloud and all its processes listen, as the system tells it."""
    pids = [pid_of(site)]
    pids += [p.pid for p in psutil.Process(pids[0]).children(recursive=True)]
    for file in (site.home / "cloud" / "postgres").glob("*/data/postmaster.pid"):
        server = psutil.Process(int(file.read_text().splitlines()[0]))
        pids += [server.pid, *(p.pid for p in server.children(recursive=True))]
    inodes = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
            except FileNotFoundError:
                continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.append((address, int(port, 16)))
    return found


def test_nothing_listens_on_other_interfaces(site: EmbeddedSite) -> None:
    found = listening(site)
    # moto, operations data and one cluster; 0100007F is 127.0.0.1.
    assert len(found) == 3
    assert {address for address, _ in found} == {"0100007F"}


def test_secrets_are_in_no_file_that_the_cloud_writes(site: EmbeddedSite) -> None:
    wait_until_kept(site)
    site.stop()
    for path in (site.home / "cloud").rglob("*"):
        if path.is_file() and "postgres" not in path.parts:
            content = path.read_bytes()
            assert b"planted-in-a" not in content, path
            assert path.stat().st_mode & 0o077 == 0 or path.name == "port", path
    assert (site.home / "passphrase").stat().st_mode & 0o777 == 0o600


def test_a_start_that_fails_says_why_and_leaves_nothing_running(site: EmbeddedSite) -> None:
    site.stop()
    control = site.home / "cloud" / "postgres" / "operations" / "data" / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    try:
        with pytest.raises(OperationFailed, match="could not find the database system") as caught:
            site.start()
        assert caught.value.remedy is not None
        assert site.status()["running"] is False
        assert not list((site.home / "cloud" / "postgres").glob("*/data/postmaster.pid"))
    finally:
        control.with_suffix(".away").rename(control)


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OperationFailed, match="cannot write to the sandbox's folder") as found:
        open_sandbox(tmp_path / "file").start()
    assert found.value.touched == NOTHING_TOUCHED


@pytest.mark.parametrize("megabytes", [1, 20], ids=["at once", "in the middle of initdb"])
def test_a_disk_too_small_for_a_database_is_said_to_be_full(tmp_path: Path, megabytes: int) -> None:
    with disk(tmp_path / "disk", megabytes) as place:
        site = open_sandbox(place / "home")
        with pytest.raises(OperationFailed, match="the disk is full") as caught:
            site.start()
    assert "Make room" in str(caught.value.remedy)
    assert caught.value.touched is not None


def test_a_cloud_whose_folder_is_deleted_ends(tmp_path: Path) -> None:
    site = open_sandbox(tmp_path / "gone")
    site.start()
    identity = Identity.of(pid_of(site))
    servers = [
        Identity.of(int(file.read_text().splitlines()[0]))
        for file in (site.home / "cloud" / "postgres").glob("*/data/postmaster.pid")
    ]
    shutil.rmtree(tmp_path / "gone")
    assert identity is not None
    assert identity.wait_gone(10)
    assert all(server is not None and server.wait_gone(10) for server in servers)
