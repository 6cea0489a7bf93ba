"""Costs from S3 and from Cost Explorer, on a site that is an AWS account: moto's server in AWS's place."""

from __future__ import annotations

import gzip
import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.sample import SAMPLE
from tests.unit.costs.ledgers import csv_file, focus_row

from moyai.costs.intake.faults import IntakeError
from moyai.costs.ledger.imported import Imported, Outcome
from moyai.costs.ledger.query import group_rows, rows_of
from moyai.costs.periods import Period
from moyai.engine.aws.cost_explorer import Granularity
from moyai.engine.aws.site import open_site
from moyai.errors import OperationFailed, UsageError
from moyai.operations.costs.intake import Asked, import_costs
from moyai.operations.costs.records import open_ledger
from moyai.operations.site.workspace import Workspace
from moyai.registry.load import require
from moyai.registry.models import Site

REGION = "ap-northeast-1"
SEPTEMBER = Period(2024, 9)
DATA = "costs/focus/data/BILLING_PERIOD=2024-09/"
METADATA = "costs/focus/metadata/BILLING_PERIOD=2024-09/focus-Manifest.json"


@dataclass(frozen=True)
class Account:
    """A site, its federation, and a bucket of exports."""

    workspace: Workspace
    client: Any
    bucket: str
    endpoint: str
    told: list[tuple[str, str]]

    def put(self, key: str, *costs: str, period: str = "2024-09") -> None:
        rows = [
            focus_row(cost, ResourceId=key, BillingPeriodStart=f"{period}-01 00:00:00")
            for cost in costs
        ]
        path = csv_file(self.workspace.home / "made.csv", rows)
        content = path.read_bytes()
        body = gzip.compress(content, mtime=0) if key.endswith(".gz") else content
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def manifest(self, key: str, document: Mapping[str, object]) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(document).encode())

    def take(self, *places: str, **more: Any) -> tuple[Imported, ...]:
        urls = tuple(f"s3://{self.bucket}/{place}" for place in places)
        return import_costs(
            self.workspace,
            Asked(urls, **more),
            0.0,
            lambda file, words: self.told.append((file, words.en)),
        )

    def outcomes(self, *places: str) -> dict[str, Outcome]:
        return {one.file: one.outcome for one in self.take(*places)}

    def total(self, period: Period = SEPTEMBER) -> Decimal:
        ledger = open_ledger(self.workspace)
        groups = group_rows(ledger.store, ledger.basis(period), [])
        return sum((one.amount for one in groups), Decimal(0))

    def fetched(self) -> list[str]:
        found = [file for file, words in self.told if words == "fetching"]
        self.told.clear()
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def account(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACALLER0000000001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"))
    client = boto3.client("s3", region_name=REGION)
    for bucket in ("state", "exports"):
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    site = Site(
        name="verify",
        runtime="aws",
        account_id="123456789012",
        region=REGION,
        backup_region="ap-northeast-3",
        state_backend=f"s3://state/moyai?region={REGION}",
        secrets_provider="awskms://alias/moyai",
        operations_database=None,
        role_arn=None,
        database_sslmode="verify-full",
    )
    runtime = open_site(site, tmp_path, SAMPLE.parent)
    return Account(
        Workspace(require(SAMPLE), site, runtime, tmp_path), client, "exports", server, []
    )


def test_all_parts_of_an_export_come_in_by_their_keys(account: Account) -> None:
    account.put(f"{DATA}focus-00001.csv.gz", "1.5", "2")
    account.put(f"{DATA}focus-00002.csv.gz", "0.25")
    account.put("costs/focus/data/BILLING_PERIOD=2024-10/f.csv.gz", "9", period="2024-10")
    account.put("costs/focus-other/data/BILLING_PERIOD=2024-09/f.csv.gz", "7")
    found = account.outcomes("costs/focus")
    assert found == {
        f"{DATA}focus-00001.csv.gz": Outcome.NEW,
        f"{DATA}focus-00002.csv.gz": Outcome.NEW,
        "costs/focus/data/BILLING_PERIOD=2024-10/f.csv.gz": Outcome.NEW,
    }
    assert account.total() == Decimal("3.75")
    assert account.total(Period(2024, 10)) == 9
    assert len(account.fetched()) == 3
    assert set(account.outcomes("costs/focus/").values()) == {Outcome.ALREADY}
    assert account.fetched() == []
    assert list(open_ledger(account.workspace).store.work.iterdir()) == []


def test_a_new_delivery_replaces_and_withdraws(account: Account) -> None:
    for number, cost in (("1", "1"), ("2", "2"), ("3", "4")):
        account.put(f"{DATA}focus-0000{number}.csv.gz", cost)
    account.take("costs")
    account.fetched()
    account.put(f"{DATA}focus-00002.csv.gz", "20")
    account.client.delete_object(Bucket="exports", Key=f"{DATA}focus-00003.csv.gz")
    assert account.outcomes("costs") == {
        f"{DATA}focus-00001.csv.gz": Outcome.ALREADY,
        f"{DATA}focus-00002.csv.gz": Outcome.REPLACED,
        f"{DATA}focus-00003.csv.gz": Outcome.WITHDRAWN,
    }
    assert account.fetched() == [f"{DATA}focus-00002.csv.gz"]
    assert account.total() == 21
    assert f"{DATA}focus-00003.csv.gz" not in account.outcomes("costs")
    account.put(f"{DATA}focus-00003.csv.gz", "4")
    assert account.outcomes("costs")[f"{DATA}focus-00003.csv.gz"] is Outcome.NEW
    assert account.total() == 25


def test_deliveries_side_by_side_are_told_apart_by_the_manifest(account: Account) -> None:
    first, second = f"{DATA}2024-10-01T00/", f"{DATA}2024-10-02T00/"
    account.put(f"{first}focus-00001.csv.gz", "1")
    account.put(f"{first}focus-00002.csv.gz", "2")
    account.manifest(
        METADATA, {"dataFiles": [f"s3://exports/{first}focus-0000{n}.csv.gz" for n in (1, 2)]}
    )
    account.take("costs/focus")
    assert account.total() == 3
    account.put(f"{second}focus-00001.csv.gz", "5")
    account.manifest(METADATA, {"dataFiles": [f"s3://exports/{second}focus-00001.csv.gz"]})
    assert account.outcomes("costs/focus/data/BILLING_PERIOD=2024-09") == {
        f"{second}focus-00001.csv.gz": Outcome.NEW,
        f"{first}focus-00001.csv.gz": Outcome.WITHDRAWN,
        f"{first}focus-00002.csv.gz": Outcome.WITHDRAWN,
    }
    assert account.total() == 5
    account.client.delete_object(Bucket="exports", Key=METADATA)
    with pytest.raises(UsageError, match="several deliveries and no manifest"):
        account.take("costs/focus")


def test_the_same_content_under_another_key_counts_once(account: Account) -> None:
    account.put(f"{DATA}old/f.csv", "1")
    account.manifest(METADATA, {"dataFiles": [f"{DATA}old/f.csv"]})
    account.take("costs")
    content = account.client.get_object(Bucket="exports", Key=f"{DATA}old/f.csv")["Body"].read()
    account.client.put_object(Bucket="exports", Key=f"{DATA}new/f.csv", Body=content)
    account.manifest(METADATA, {"dataFiles": [f"{DATA}new/f.csv"]})
    assert account.outcomes("costs") == {f"{DATA}old/f.csv": Outcome.ALREADY}
    assert account.total() == 1


def test_two_parts_of_one_content_both_count(account: Account) -> None:
    account.put(f"{DATA}a.csv", "1")
    content = account.client.get_object(Bucket="exports", Key=f"{DATA}a.csv")["Body"].read()
    account.client.put_object(Bucket="exports", Key=f"{DATA}b.csv", Body=content)
    assert set(account.outcomes("costs").values()) == {Outcome.NEW}
    assert account.total() == 2
    assert set(account.outcomes("costs").values()) == {Outcome.ALREADY}


def test_a_cost_and_usage_report_is_what_its_manifest_names(account: Account) -> None:
    folder = "cur/daily/20240901-20241001/"
    account.put(f"{folder}aaaa/daily-00001.csv.gz", "1")
    account.put(f"{folder}bbbb/daily-00001.csv.gz", "2")
    for place, parts in ((f"{folder}aaaa/", "aaaa"), (folder, "bbbb")):
        keys = [f"{folder}{parts}/daily-00001.csv.gz"]
        account.manifest(f"{place}daily-Manifest.json", {"bucket": "exports", "reportKeys": keys})
    assert account.outcomes("cur") == {f"{folder}bbbb/daily-00001.csv.gz": Outcome.NEW}
    account.manifest(
        f"{folder}daily-Manifest.json", {"reportKeys": [f"{folder}cccc/daily-00001.csv.gz"]}
    )
    with pytest.raises(OperationFailed, match=r"names .*cccc/daily-00001.csv.gz, which is not in"):
        account.take("cur")
    assert account.total() == 2


def test_a_broken_part_keeps_all_of_them_out(account: Account) -> None:
    account.put(f"{DATA}focus-00001.csv.gz", "1")
    account.put(f"{DATA}focus-00002.csv.gz", "1x")
    with pytest.raises(IntakeError) as caught:
        account.take("costs")
    assert [(one.file, one.line) for one in caught.value.faults] == [("focus-00002.csv.gz", 2)]
    assert open_ledger(account.workspace).basis(SEPTEMBER).sources == {}


@pytest.mark.parametrize(
    ("place", "error", "words"),
    [
        ("none", UsageError, "there is no cost export below s3://exports/none"),
        ("costs/focus/data/BILLING", UsageError, "there is no cost export"),
    ],
)
def test_places_without_exports(
    account: Account, place: str, error: type[Exception], words: str
) -> None:
    account.put(f"{DATA}focus-00001.csv.gz", "1")
    with pytest.raises(error, match=words):
        account.take(place)


def test_a_bucket_that_is_not_there(account: Account) -> None:
    asked = Asked(("s3://no-such-bucket/costs",))
    with pytest.raises(OperationFailed, match="s3://no-such-bucket/costs cannot be read"):
        import_costs(account.workspace, asked, 0.0, lambda *_: None)
    for wrong in (Asked(()), Asked(("s3://exports/x",), replaces="a.csv"), Asked(("s3://",))):
        with pytest.raises(UsageError):
            import_costs(account.workspace, wrong, 0.0, lambda *_: None)


def seed(account: Account, *answers: Mapping[str, object]) -> None:
    """What Cost Explorer answers to the next requests that it has not seen."""
    request = urllib.request.Request(
        f"{account.endpoint}/moto-api/static/ce/cost-and-usage-results",
        json.dumps({"results": list(answers)}).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    assert urllib.request.urlopen(request).status == 201


def result(*groups: tuple[list[str], str], estimated: bool = False) -> Mapping[str, object]:
    def amount(cost: str) -> Mapping[str, str]:
        return {"Amount": cost, "Unit": "USD"}

    return {
        "TimePeriod": {"Start": "2024-09-01", "End": "2024-10-01"},
        "Total": {},
        "Groups": [
            {
                "Keys": keys,
                "Metrics": {"UnblendedCost": amount(cost), "NetUnblendedCost": amount("0.5")},
            }
            for keys, cost in groups
        ],
        "Estimated": estimated,
    }


def test_cost_explorer_page_by_page_by_entity_service_and_body(account: Account) -> None:
    seed(
        account,
        {"ResultsByTime": [result((["Amazon Web Services Japan G.K."], "4"))]},
        {
            "ResultsByTime": [
                result(
                    (["Amazon S3", "moyai:tenant$271004"], "0.10000000000000000001"),
                    (["Amazon S3", "moyai:tenant$"], "1E-7"),
                )
            ],
            "NextPageToken": "second",
        },
        {"ResultsByTime": [result((["Tax", "moyai:tenant$"], "-2"), estimated=True)]},
    )
    (made,) = account.take(explored="2024-09")
    assert (made.file, made.outcome, made.rows) == ("cost-explorer.csv", Outcome.NEW, 3)
    assert account.total() == Decimal("0.10000000000000000001") + Decimal("1E-7") - 2
    assert any("still calls costs of 2024-09 an estimate" in words for _, words in account.told)
    ledger = open_ledger(account.workspace)
    rows = rows_of(ledger.store, ledger.basis(SEPTEMBER), [], 10)
    by_service = {(one.columns["ServiceName"], one.amount): one.columns for one in rows}
    own = by_service["Amazon S3", Decimal("0.10000000000000000001")]
    assert own["Tags.moyai:tenant"] == "271004"
    assert own["InvoiceIssuerName"] == "Amazon Web Services Japan G.K."
    tax = by_service["Tax", Decimal(-2)]
    assert (tax["ChargeCategory"], tax["x_Estimated"]) == ("Tax", "true")
    assert tax["x_NetUnblendedCost"] == "0.5"
    (again,) = account.take(explored="2024-09")
    assert again.outcome is Outcome.ALREADY


def test_cost_explorer_with_nothing_says_so(account: Account) -> None:
    with pytest.raises(OperationFailed, match="has no cost of 2024-09"):
        account.take(explored="2024-09", granularity=Granularity.DAILY)
