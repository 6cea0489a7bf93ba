from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from moyai.engine.sites import EmbeddedSite
from moyai.jobs.runner import run as run_job
from moyai.sandbox.processes import Identity, wait_until

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def test_a_job_runs_to_its_end_and_says_so(jobs: Any) -> None:
    task = jobs.start(jobs.define(["python", "-c", "print('一行'); print('two'); exit(3)"]))
    found = jobs.wait(task)
    (container,) = found["containers"]
    assert (container["exitCode"], container["lastStatus"]) == (3, "STOPPED")
    assert found["stopCode"] == "EssentialContainerExited"
    assert found["createdAt"] <= found["startedAt"] <= found["stoppedAt"]
    assert jobs.lines(task) == ["一行", "two"]


def test_a_job_has_its_own_variables_and_nothing_of_the_operators(
    jobs: Any, aws: Callable[..., Any], sandbox: EmbeddedSite
) -> None:
    arn = aws("secretsmanager").create_secret(
        Name="test/login", SecretString=json.dumps({"password": "planted"})
    )["ARN"]
    aws("ssm").put_parameter(Name="/test/setting", Value="蘇", Type="SecureString")
    definition = jobs.define(
        ["python", "-c", SHOW],
        environment=[{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}],
        secrets=[
            {"name": "WORD", "valueFrom": f"{arn}:password::"},
            {"name": "WHOLE", "valueFrom": arn},
            {"name": "SETTING", "valueFrom": "/test/setting"},
        ],
    )
    task = jobs.start(definition, environment=[{"name": "TWO", "value": "two"}])
    assert jobs.wait(task)["containers"][0]["exitCode"] == 0
    found = json.loads(jobs.lines(task)[0])
    given = {name: found[name] for name in ("ONE", "TWO", "WORD", "WHOLE", "SETTING")}
    assert given == {
        "ONE": "1",
        "TWO": "two",
        "WORD": "planted",
        "WHOLE": '{"password": "planted"}',
        "SETTING": "蘇",
    }
    assert found["SERVICES_DIR"].endswith("stacks/services")
    assert found["AWS_ENDPOINT_URL"] == sandbox.environment()["AWS_ENDPOINT_URL"]
    assert found["AWS_ACCESS_KEY_ID"] != sandbox.environment()["AWS_ACCESS_KEY_ID"]
    expected = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "NO_PROXY", "SERVICES_DIR"}
    others = set(found) - set(given) - expected - {"LC_CTYPE"}
    assert all(name.startswith("AWS_") for name in others), others


def test_a_job_is_its_task_role(jobs: Any, aws: Callable[..., Any]) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    task = jobs.start(jobs.define(["python", "-c", code]))
    jobs.wait(task)
    number = task.rpartition("/")[2]
    assert jobs.lines(task)[0].endswith(f":assumed-role/test-job/{number}")


def test_the_zygote_runs_the_jobs_module_as_the_interpreter_would(jobs: Any) -> None:
    """An unknown verb: the module's own answer and exit code come back."""
    expected = run_job(["no-such-verb"], {})
    task = jobs.start(jobs.define(["python", "-m", "moyai.jobs", "no-such-verb"]))
    found = jobs.wait(task)
    assert found["containers"][0]["exitCode"] == expected
    assert jobs.lines(task)[0].startswith("usage: python -m moyai.jobs {")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/no"}}},
            "log group /no does not exist",
        ),
        (
            {
                "secrets": [
                    {
                        "name": "X",
                        "valueFrom": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:no",
                    }
                ]
            },
            "unable to pull secrets",
        ),
        ({"secrets": [{"name": "X", "valueFrom": "/no/parameter"}]}, "unable to pull secrets"),
    ],
)
def test_a_task_that_cannot_start_says_why(jobs: Any, given: dict[str, Any], words: str) -> None:
    found = jobs.wait(jobs.start(jobs.define(["true"], **given)))
    assert found["stopCode"] == "TaskFailedToStart"
    assert words in found["stoppedReason"]
    assert "exitCode" not in found["containers"][0]


def test_a_role_that_is_not_there_is_not_assumed(jobs: Any, aws: Callable[..., Any]) -> None:
    absent = replace(jobs, role="arn:aws:iam::123456789012:role/absent")
    found = absent.wait(absent.start(absent.define(["true"])))
    assert "unable to assume the role" in found["stoppedReason"]


def test_a_command_that_is_not_there_ends_with_127(jobs: Any) -> None:
    task = jobs.start(jobs.define(["no-such-program"]))
    assert jobs.wait(task)["containers"][0]["exitCode"] == 127
    assert jobs.lines(task) == ["no-such-program: No such file or directory"]


def test_a_stopped_task_ends_with_all_that_it_started(jobs: Any) -> None:
    code = (
        "import os, subprocess, time;"
        "child = subprocess.Popen(['sleep', '600']);"
        "print(os.getpid(), child.pid, flush=True); time.sleep(600)"
    )
    task = jobs.start(jobs.define(["python", "-c", code]))
    jobs.wait(task, "RUNNING")
    assert wait_until(lambda: bool(jobs.lines(task)), 10)
    numbers = [int(word) for word in jobs.lines(task)[0].split()]
    identities = [Identity.of(number) for number in numbers]
    jobs.aws("ecs").stop_task(cluster="test", task=task, reason="enough")
    found = jobs.wait(task)
    assert (found["stoppedReason"], found["stopCode"]) == ("enough", "UserInitiated")
    assert found["containers"][0]["exitCode"] == 128 + 15
    assert all(identity is not None and identity.wait_gone(5) for identity in identities)


def test_other_images_are_only_recorded(jobs: Any) -> None:
    definition = jobs.define(["python", "-c", "print(1)"], image="vendor/eapp-a:1")
    task = jobs.start(definition)
    time.sleep(0.2)
    with pytest.raises(ClientError, match=r"log stream does not exist|ResourceNotFound"):
        jobs.lines(task)
    assert "exitCode" in jobs.look(task)["containers"][0]


def test_a_task_leaves_nothing_behind(jobs: Any, aws: Callable[..., Any]) -> None:
    before = len(aws("ec2").describe_network_interfaces()["NetworkInterfaces"])
    definition = jobs.define(["python", "-m", "moyai.jobs", "no-such-verb"])
    for task in [jobs.start(definition) for _ in range(20)]:
        jobs.wait(task)
    assert len(aws("ec2").describe_network_interfaces()["NetworkInterfaces"]) == before
    streams = aws("logs").describe_log_streams(logGroupName="/test/jobs", limit=50)["logStreams"]
    assert len(streams) >= 20
