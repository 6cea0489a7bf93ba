"""Deploys killed at random moments, hundreds of ways; `make crash-deploy` runs it.

Each round takes a body that is not there yet, kills something in the middle of its deploy, and
deploys again: that run must end well, and then what is live must be what is on record, no more and
no less. MOYAI_CRASH_ROUNDS (12) and MOYAI_CRASH_SEED (the time) choose how many, and which.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from body_stacks import body_run, checkpoint_of, live_of, recorded_of
from filing_site import find_engine, only, until
from tests.sample import PROJECT, SAMPLE

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import EmbeddedSite, open_site
from moyai.engine.stacks import StackId
from moyai.registry.load import require

ROOT = Path(__file__).resolve().parents[2]
HELPERS = ROOT / "tests" / "sandbox" / "engine"
ROUNDS = int(os.environ.get("MOYAI_CRASH_ROUNDS", "12"))
SEED = int(os.environ.get("MOYAI_CRASH_SEED", str(int(time.time()))))
VICTIMS = ("engine", "worker", "plugin", "driver", "all")

REGISTRY = require(SAMPLE)
BODIES = [b.code for b in REGISTRY.tenants if b.isolation.value == "application"]

DEPLOY = """
import json, os, sys
sys.path[:0] = [{helpers!r}, {root!r}]
from pathlib import Path
from body_stacks import body_run
from moyai.engine.driver.driver import Driver
from moyai.engine.sites import open_site
from moyai.engine.stacks import ResourceMoved
from moyai.registry.load import require
from tests.sample import PROJECT, SAMPLE
site = open_site(require(SAMPLE).sites["sandbox"], Path({home!r}), PROJECT)
with Driver(site, Path({engine!r}), jobs=1) as driver:
    done = 0
    for event in driver.run([body_run({code!r})]):
        if isinstance(event, ResourceMoved) and event.done:
            done += 1
            pids = [*driver.worker_pids], dict(driver.plugin_pids), done
            print(json.dumps(pids), flush=True)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSite]:
    home = tmp_path_factory.mktemp("crash")
    opened = open_site(replace(REGISTRY.sites["sandbox"]), home, PROJECT)
    embedded = cast("EmbeddedSite", opened)
    embedded.start()
    with Driver(embedded, find_engine(), jobs=1) as driver:
        for stack in ("shared", "cell-a"):
            result = only(driver, body_run(stack))
            assert result.error is None, result.error.lines("en")
    yield embedded
    embedded.reset()


def client_maker(site: EmbeddedSite) -> Callable[..., Any]:
    variables = site.environment()

    def client(service: str) -> Any:
        return boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_REGION"],
        ).client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])

    return client


def deploy_and_kill(site: EmbeddedSite, code: str, victim: str, after: int, delay: float) -> None:
    """Deploy in a process of its own, and kill when `after` resources were done."""
    home = str(site.home.parents[1])
    text = DEPLOY.format(
        helpers=str(HELPERS), root=str(ROOT), home=home, engine=str(find_engine()), code=code
    )
    child = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        workers, plugins, done = json.loads(line)
        if done >= after:
            time.sleep(delay)
            kill(victim, child.pid, workers, list(plugins.values()))
            break
    child.communicate()
    until(lambda: not any(map(_runs, [*workers, *plugins.values()])), 60)


def kill(victim: str, driver: int, workers: list[int], plugins: list[int]) -> None:
    engines = [pid for pid in _processes() if _group(pid) in workers and pid not in workers]
    chosen = {
        "engine": engines,
        "worker": workers,
        "plugin": plugins,
        "driver": [driver],
        "all": [driver, *workers, *plugins, *engines],
    }[victim]
    for pid in chosen:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it had just ended


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_crash(site: EmbeddedSite, number: int) -> None:
    chance = random.Random(f"{SEED}-{number}")
    code = BODIES[number % len(BODIES)]
    victim = VICTIMS[number % len(VICTIMS)]
    if number >= len(BODIES):
        pytest.skip("no body is left that was not deployed yet")
    after, delay = chance.randrange(1, 60), chance.random() * 0.03
    told = f"seed {SEED}, round {number}: {code}, {victim} after {after} and {delay:.3f} s"
    print(told)
    deploy_and_kill(site, code, victim, after, delay)
    with Driver(site, find_engine(), jobs=1) as driver:
        result = only(driver, body_run(code))
        assert result.error is None, (told, result.error.lines("en"))
        again = only(driver, body_run(code))
        assert set(again.summary) == {"same"}, (told, again.steps)
    checkpoint = checkpoint_of(site, StackId("moyai-tenant", code))
    assert checkpoint.pending == []
    assert live_of(client_maker(site), code) == recorded_of(checkpoint), told
