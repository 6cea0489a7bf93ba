"""Costs of a deployed federation: metering, and the monthly closing as its runbook has it.

The tests of this module share one federation.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from closing_runbook import commands, lay_files, run_as_written
from federations import Federation

from moyai.engine.aws.sessions import aws_session
from moyai.operations.site.places import today
from moyai.operations.site.workspace import open_workspace
from moyai.texts import JAPAN

REGION = "ap-northeast-1"


def _aws(federation: Federation, service: str, monkeypatch: Any) -> Any:
    monkeypatch.setenv("MOYAI_HOME", str(federation.home))
    environment = open_workspace(federation.file, "sandbox").runtime.environment()
    session = aws_session(environment, REGION)
    return session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"])


def _drivers(federation: Federation, *arguments: str) -> dict[tuple[str, str, str], str]:
    found = json.loads(federation.ok("cost", "meter", *arguments, "--output", "json").out)
    return {(one["code"], one["service"], one["meter"]): one["quantity"] for one in found}


def test_what_bodies_store_and_do_becomes_drivers(federation: Federation, monkeypatch: Any) -> None:
    period = f"{today():%Y-%m}"
    outputs = federation.ok("output", "272027", "--output", "json").json()
    bucket = outputs["services"]["chat"]["documents_bucket"]
    before = _drivers(federation, period)
    assert set(before) == {
        (code, service, meter)
        for code in ("272027", "272043")
        for service, meters in (
            ("chat", ("accounts", "messages", "storage")),
            ("eapp-b", ("applications", "storage")),
        )
        for meter in meters
    }
    assert before["272027", "eapp-b", "applications"] == "0"
    _aws(federation, "s3", monkeypatch).put_object(Bucket=bucket, Key="chat/x", Body=b"x" * 1000)
    after = _drivers(federation, period, "272027")
    assert {code for code, _, _ in after} == {"272027"}
    grown = int(after["272027", "chat", "storage"]) - int(before["272027", "chat", "storage"])
    assert grown == 1000

    told = federation.ok("cost", "meter", period)
    assert "No requests on record for 4 of the subscriptions (chat, eapp-b)" in told.out
    assert f"{period} is not over yet" in told.out
    state = federation.ok("cost", "sources", period, "--output", "json").json()
    (source,) = state["sources"]
    assert (source["file"], source["kind"]) == ("metering-sandbox", "drivers")
    # Of each body 3 of chat and 2 of eapp-b by service, and 4 over both.
    assert source["rows"] == 2 * (3 + 2 + 4)


def test_requests_that_load_balancers_counted(federation: Federation, monkeypatch: Any) -> None:
    period = f"{today():%Y-%m}"
    group = _aws(federation, "elbv2", monkeypatch).describe_target_groups(
        Names=["osaka-272043-chat-staff"]
    )["TargetGroups"][0]
    balancer = group["LoadBalancerArns"][0]
    metrics = _aws(federation, "cloudwatch", monkeypatch)
    for value, moment in (
        (7, datetime.now(JAPAN).replace(day=1, hour=0, minute=0)),
        (5, datetime.now(JAPAN).replace(day=1, hour=1, minute=30)),
    ):
        metrics.put_metric_data(
            Namespace="AWS/ApplicationELB",
            MetricData=[
                {
                    "MetricName": "RequestCount",
                    "Dimensions": [
                        {"Name": "TargetGroup", "Value": group["TargetGroupArn"].split(":")[-1]},
                        {
                            "Name": "LoadBalancer",
                            "Value": balancer.split(":")[-1].removeprefix("loadbalancer/"),
                        },
                    ],
                    "Timestamp": moment,
                    "Value": value,
                }
            ],
        )
    found = _drivers(federation, period, "272043")
    assert found["272043", "chat", "requests"] == "12"
    assert ("272043", "eapp-b", "requests") not in found


def test_one_failure_leaves_the_ledger_as_it_was(federation: Federation) -> None:
    period = f"{today():%Y-%m}"
    before = federation.ok("cost", "sources", period, "--output", "json").json()["state"]
    file = federation.folder / "stacks/services/chat/metering.sql"
    words = file.read_text(encoding="utf-8")
    try:
        file.write_text("-- meter: accounts\nSELECT count(*) FROM nowhere\n", encoding="utf-8")
        failed = federation.moyai("cost", "meter", period)
    finally:
        file.write_text(words, encoding="utf-8")
    assert failed.code == 4
    assert "272027 chat: the job meter failed: cannot read accounts" in failed.err
    assert "Nothing is on record in the ledger." in failed.err
    after = federation.ok("cost", "sources", period, "--output", "json").json()["state"]
    assert after == before


def test_what_cannot_be_metered(federation: Federation) -> None:
    early = federation.moyai("cost", "meter", "2199-01")
    assert (early.code, "has not begun yet" in early.err) == (2, True)
    none = federation.moyai("cost", "meter", f"{today():%Y-%m}", "273813")
    assert (none.code, "there is no environment to be metered" in none.err) == (4, True)


@pytest.mark.timeout(600)
def test_every_command_of_the_runbook_does_what_it_says(federation: Federation) -> None:
    lines = commands()
    (usd,) = (Decimal(line.removeprefix("USD=")) for line in lines if line.startswith("USD="))
    lay_files(federation.folder, usd)
    told = list(run_as_written(federation, lines).values())

    def said(beginning: str) -> list[str]:
        return [step for step in told if step.startswith(beginning)]

    assert "metering-sandbox" in said("moyai cost sources")[0]
    first, settled = said("moyai cost allocate")
    assert "note: invoice" not in first
    # The invoice and its tax, the licences and theirs.
    assert f"2026-10: {232_575 + 23_257 + 120_000 + 12_000:,} yen" in first
    assert "0 unallocated, difference 0" in first
    closings = [step.partition("\n")[2] for step in said("moyai cost close")]
    assert "2026-10 is closed." in closings[0]
    assert all("2026-10 is closed already (" in one for one in closings[1:])
    first_hashes, *again = [
        one.partition("2026-10 is closed")[2].rpartition(" yen allocated, ")[2] for one in closings
    ]
    assert again == [first_hashes] * 2
    assert "settled in 2026-11." in closings[-1]
    assert "difference 0" in first_hashes
    [corrected] = said('moyai cost import "$CORRECTED"')
    assert "correction to a closed period" in corrected
    assert "invoice 1234567 says 1,550.50 USD, its rows sum to 1,560.5" in corrected
    assert "its rows sum to" not in settled
    bodies = dict(re.findall(r"^(\d{6}) .* (-?\d+)\s*$", settled, re.MULTILINE))
    assert set(bodies) == {"272027", "272043"}
    # What the new invoice asks for beyond the first, with its tax; all of it is shared by both.
    assert sum(map(int, bodies.values())) == 1_500 + 150
    assert int(bodies["272027"]) > 0 < int(bodies["272043"])
    written = federation.folder / "statements" / "2026-10"
    for name in ("2026-10-overview.csv", "2026-10-272027.csv"):
        draft, sent = (
            path.read_text(encoding="utf-8-sig")
            for path in (written / "draft" / name, written / name)
        )
        assert "Provisional: the month is not closed." in draft
        assert "Provisional" not in sent
    assert {path.name for path in written.glob("*.pdf")} == {
        "2026-10-overview.pdf",
        "2026-10-272027.pdf",
        "2026-10-272043.pdf",
    }
