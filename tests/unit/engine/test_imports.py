"""What commands that start no engine need not wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
"""
_HEAVY = ("pulumi", "pulumi_aws", "grpc", "boto3", "botocore", "psycopg")


@pytest.mark.parametrize(
    "module",
    [
        "moyai_cli.application",
        "moyai.operations.deploys.plan",
        "moyai.operations.deploys.status",
        "moyai.engine.driver.driver",
        "moyai.engine.aws.site",
    ],
)
def test_they_import_no_sdk(module: str) -> None:
    command = [sys.executable, "-c", _PROGRAM, module, *_HEAVY]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.split() == []


def test_a_workers_modules_do() -> None:
    command = [sys.executable, "-c", _PROGRAM, "moyai.engine.worker.forge", *_HEAVY]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert {"pulumi", "grpc"} <= set(found.split())
