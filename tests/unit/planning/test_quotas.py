"""Quotas: told before anything is made, with what to do; counts are those of real stacks."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sample import SAMPLE, lay_out

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "infra"))

from made_registries import DAY, all_codes, body, registry, sample
from mocked_stack import Run, config_of, run_program

from moyai.errors import UsageError
from moyai.planning import releases
from moyai.planning.quotas import ACCOUNT, QUOTAS, exceeded, usage
from moyai.registry.load import require
from moyai.registry.models import Isolation, Registry


def test_the_sample_passes_no_quota() -> None:
    assert exceeded(sample(), DAY) == ()


def test_every_quota_is_counted_and_says_where_it_is_from() -> None:
    counted = {name for name, _ in usage(sample(), DAY)}
    assert counted == set(QUOTAS)
    for quota in QUOTAS.values():
        assert quota.source
        assert quota.limit >= quota.default > 0
        assert quota.what.ja != quota.what.en or quota.what.ja.isascii()


def test_full_cell_is_told_with_its_name_and_what_to_do() -> None:
    codes = all_codes()[:51]
    (staff_groups, staff_rules) = exceeded(registry(body(code) for code in codes), DAY)
    assert (staff_groups.quota.name, staff_rules.quota.name) == (
        "target-groups-staff",
        "rules-staff",
    )
    assert (staff_rules.where, staff_rules.need, staff_rules.limit) == ("a", 102, 100)
    for word in ("セル a", "102", "100", "新しいセル"):
        assert word in staff_rules.text.ja
    for word in ("cell a", "102", "100", "add a cell"):
        assert word in staff_rules.text.en


def test_second_cell_cures_it() -> None:
    codes = all_codes()[:60]
    bodies = [body(code, cell="ab"[number % 2]) for number, code in enumerate(codes)]
    assert exceeded(registry(bodies, cells="ab"), DAY) == ()


def test_many_ranges_count_as_many_rules() -> None:
    ranges = tuple(IPv4Network(((10 << 24) + (number << 8), 24)) for number in range(9))
    one = dataclasses.replace(body("272027", ("chat",)), lgwan=ranges)
    found = usage(registry([one]), DAY)
    assert found["rules-staff", "a"] == 3
    assert found["target-groups-staff", "a"] == 1
    assert found["values-per-rule", "a"] == 4


def test_bodies_with_a_cell_of_their_own_count_for_the_account_and_for_themselves() -> None:
    own = [
        dataclasses.replace(
            body(code),
            isolation=Isolation.NETWORK,
            cidr=IPv4Network(((10 << 24) + (64 << 16) + (number << 12), 20)),
        )
        for number, code in enumerate(all_codes()[:50])
    ]
    found = usage(registry(own), DAY)
    assert found["vpcs", ACCOUNT] == 51
    assert found["rules-staff", own[0].code] == 2
    assert found["rules-staff", "a"] == 0
    passed = exceeded(registry(own), DAY)
    names = {one.quota.name for one in passed}
    assert {"vpcs", "elastic-ips", "database-clusters", "load-balancers"} <= names
    assert all(one.where == ACCOUNT for one in passed)
    assert all("AWS" in one.text.ja and "AWS" in one.text.en for one in passed)


def test_subscription_counts_while_it_runs_and_keeps_its_secrets_after() -> None:
    one = body("272027", ("chat",))
    ended = dataclasses.replace(one.subscriptions[0], until=date(2026, 4, 1))
    later = registry([dataclasses.replace(one, subscriptions=(ended,))])
    before, after = usage(later, date(2026, 3, 31)), usage(later, date(2026, 4, 1))
    assert (before["rules-staff", "a"], after["rules-staff", "a"]) == (1, 0)
    assert before["database-connections", "a"] > after["database-connections", "a"] == 0
    assert before["secrets", ACCOUNT] == after["secrets", ACCOUNT]
    assert before["iam-roles", ACCOUNT] == after["iam-roles", ACCOUNT] + 1


def test_accounts_own_limits_stand_above_the_table() -> None:
    assert exceeded(sample(), DAY, {"vpcs": 1})[0].limit == 1
    codes = all_codes()[:51]
    given_more = {"rules-staff": 200, "target-groups-staff": 200}
    assert exceeded(registry(body(code) for code in codes), DAY, given_more) == ()


def test_unknown_limit_answers_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        exceeded(sample(), DAY, {"vpc": 10})
    assert "vpc" in error.value.what.ja
    assert "nat-gateways-per-zone" in error.value.what.en


@given(st.lists(st.sampled_from(all_codes()), unique=True, max_size=40))
@settings(max_examples=25, deadline=None)
def test_more_bodies_never_need_less(codes: list[str]) -> None:
    fewer = usage(registry(body(code) for code in codes[: len(codes) // 2]), DAY)
    more = usage(registry(body(code) for code in codes), DAY)
    assert set(fewer) == set(more)
    assert all(fewer[key] <= more[key] for key in fewer)


COUNTED = {
    "vpcs": "aws:ec2/vpc:Vpc",
    "elastic-ips": "aws:ec2/eip:Eip",
    "security-groups": "aws:ec2/securityGroup:SecurityGroup",
    "load-balancers": "aws:lb/loadBalancer:LoadBalancer",
    "web-acls": "aws:wafv2/webAcl:WebAcl",
    "database-clusters": "aws:rds/cluster:Cluster",
    "database-instances": "aws:rds/clusterInstance:ClusterInstance",
    "database-parameter-groups": "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "database-subnet-groups": "aws:rds/subnetGroup:SubnetGroup",
    "kms-keys": "aws:kms/key:Key",
    "iam-roles": "aws:iam/role:Role",
    "buckets": "aws:s3/bucket:Bucket",
    "parameters": "aws:ssm/parameter:Parameter",
    "alarms": "aws:cloudwatch/metricAlarm:MetricAlarm",
    "dns-records": "aws:route53/record:Record",
}
"""Quota of the account → the resources that it counts."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, list[Run]]:
    """All stacks of a federation of three: two in a cell, one with its own."""
    folder = tmp_path_factory.mktemp("three")
    head, _, rest = SAMPLE.read_text(encoding="utf-8").partition("\ntenants:\n")
    bodies = ["  - code:" + one for one in rest.split("  - code:")[1:]]
    wanted = [one for one in bodies if any(f'"{code}"' in one for code in CODES)]
    file = lay_out(folder, f"{head}\ntenants:\n{''.join(wanted)}")
    made = require(file)
    shared = run_program("foundation", "shared", config_of(file))
    references = {"shared": shared.outputs}
    cell = run_program("foundation", "cell-a", config_of(file), references)
    references["cell-a"] = cell.outputs
    runs = [shared, cell]
    for one in made.tenants:
        used = json.dumps(dict(releases.resolve(made, one, DAY, {}).used))
        runs.append(run_program("tenant", one.code, config_of(file, releases=used), references))
    return made, runs


CODES = ("271004", "271403", "272027")


def test_counts_are_those_of_the_stacks(three: tuple[Registry, list[Run]]) -> None:
    made, runs = three
    assert [one.code for one in made.tenants] == list(CODES)
    needed = usage(made, DAY)
    found = Counter(one.type for run in runs for one in run.custom)
    for quota, type_ in COUNTED.items():
        assert found[type_] == needed[quota, ACCOUNT], quota
    secrets = [
        one.inputs["name"]
        for run in runs
        for one in run.of("aws:secretsmanager/secret:Secret")
        if one.inputs["name"].endswith(("/owner", "/app"))
    ]
    masters = found["aws:rds/cluster:Cluster"]  # RDS makes one for each itself
    assert len(secrets) + masters == needed["secrets", ACCOUNT]


def test_counts_of_each_load_balancer_are_those_of_the_stacks(
    three: tuple[Registry, list[Run]],
) -> None:
    made, runs = three
    needed = usage(made, DAY)
    rules = Counter(
        one.inputs["listenerArn"].rpartition("/")[2]
        for run in runs
        for one in run.of("aws:lb/listenerRule:ListenerRule")
    )
    assert rules == {
        "cell-a-public": needed["rules-public", "a"],
        "cell-a-staff": needed["rules-staff", "a"],
        "own-public": needed["rules-public", "271403"],
        "own-staff": needed["rules-staff", "271403"],
    }
    values = max(
        sum(len(next(iter(one.values()))["values"]) for one in rule.inputs["conditions"])
        for run in runs
        for rule in run.of("aws:lb/listenerRule:ListenerRule")
    )
    assert values == max(need for (name, _), need in needed.items() if name == "values-per-rule")
    limits = Counter[str]()
    for run in runs:
        for one in run.of("moyai:index:Database"):
            limits[one.inputs["host"].partition(".")[0]] += int(one.inputs["connectionLimit"])
    assert limits == {
        "cell-a": needed["database-connections", "a"],
        "own": needed["database-connections", "271403"],
    }
