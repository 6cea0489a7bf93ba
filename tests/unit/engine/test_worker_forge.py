"""What workers are forked from has whole modules."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import json, sys
from moyai.engine.worker import loop
before = set(sys.modules)
import pulumi_aws
pulumi_aws.rds.Cluster, pulumi_aws.ec2.Vpc, pulumi_aws.lb.Listener
print(json.dumps(loop._worth_importing(before)))
"""
_FORGE = """
import json, sys
from moyai.engine.worker.forge import _import
_import(tuple(json.load(sys.stdin)))
import pulumi_aws
for package, name in (("rds", "Cluster"), ("rds", "SubnetGroup"), ("ec2", "Vpc"), ("lb", "Listener")):
    assert hasattr(getattr(pulumi_aws, package), name), (package, name)
"""


def test_lazy_packages_are_whole_after_their_modules_were_learnt() -> None:
    learnt = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    assert "pulumi_aws.rds.cluster" in json.loads(learnt)
    done = subprocess.run(
        [sys.executable, "-c", _FORGE], input=learnt, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
