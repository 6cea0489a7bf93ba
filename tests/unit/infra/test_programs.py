"""What the programs make, whole: tags, protection, providers, shape, outputs."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path

import pulumi_aws
import pytest
from mocked_stack import ACCOUNT, DAY, REGION, Build, Made, Run, config_of, run_program
from tests.sample import SAMPLE

from moyai.errors import MoyaiError, Refused
from moyai.infra.environment import Environment, EnvironmentArgs
from moyai.infra.outputs import CellOutputs, ServiceOutputs, SharedOutputs, TenantOutputs
from moyai.job_target import camel_case
from moyai.planning.consumed import CONSUMED, SHARED_IN_BODIES, SHARED_IN_CELLS
from moyai.registry.load import require
from moyai.registry.models import Isolation

KEPT = {
    "aws:backup/vault:Vault",
    "aws:cloudtrail/trail:Trail",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:rds/cluster:Cluster",
    "aws:route53/zone:Zone",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
    "moyai:index:Database",
}
"""Types whose loss loses data, evidence, or the means to read either."""
JOB = {
    "cluster_arn",
    "task_definition_arn",
    "subnets",
    "security_groups",
    "log_group",
    "stream_prefix",
}
"""Where a job runs, by its names in outputs of environments that are there already."""


@pytest.fixture(scope="module")
def runs(shared: Run, cell: Run, city: Run, neighbour: Run, own: Run) -> dict[str, Run]:
    return {"shared": shared, "cell": cell, "272027": city, "271004": neighbour, "271403": own}


def takes_tags(one: Made) -> bool:
    if not one.type.startswith("aws:"):
        return False
    module, cls = one.type.removeprefix("aws:").split(":")
    found = getattr(getattr(pulumi_aws, module.split("/")[0]), cls)
    return "tags" in inspect.signature(found._internal_init).parameters


def test_every_resource_that_takes_tags_has_them(runs: dict[str, Run]) -> None:
    for name, run in runs.items():
        tenant = name if name.isdigit() else "shared"
        for one in run.custom:
            if not takes_tags(one):
                assert "tags" not in one.inputs
                continue
            tags = one.inputs["tags"]
            assert tags["moyai:federation"] == "osaka", one.urn
            assert tags["moyai:site"] == "sandbox", one.urn
            assert tags["moyai:tenant"] == tenant, one.urn
            assert tags["moyai:cost-centre"] == "kyodo-unyo", one.urn
            assert tags["moyai:service"] in ("-", "chat", "eapp-a", "eapp-b"), one.urn


def test_what_belongs_to_a_service_says_which(city: Run) -> None:
    for one in city.of("aws:secretsmanager/secret:Secret") + city.of("aws:ecs/service:Service"):
        assert one.inputs["tags"]["moyai:service"] in one.inputs["name"]
    assert city.one("aws:kms/key:Key", "body").inputs["tags"]["moyai:service"] == "-"


def test_bodys_own_tags_come_along(build: Build, project: Callable[[str, str], Path]) -> None:
    file = project("slug: kishiwada\n", "slug: kishiwada\n    tags: { 地域: 泉州 }\n")
    run = build("272027", file=file, chat="1.0.0")
    assert run.one("aws:s3/bucket:Bucket", "documents").inputs["tags"]["moyai:tag:地域"] == "泉州"


def test_what_holds_data_is_protected_and_nothing_else(runs: dict[str, Run]) -> None:
    for run in runs.values():
        for one in run.custom:
            assert one.protect is (one.type in KEPT), one.urn


def test_all_resources_have_the_one_explicit_provider(runs: dict[str, Run]) -> None:
    for run in runs.values():
        (provider,) = run.of("pulumi:providers:aws")
        assert provider.inputs["region"] == REGION
        assert json.loads(provider.inputs["allowedAccountIds"]) == [ACCOUNT]
        assert set(provider.inputs) <= {"region", "allowedAccountIds", "version"} | _SKIPS
        for one in run.custom:
            kind = "moyai" if one.type.startswith("moyai:") else "aws"
            assert f"pulumi:providers:{kind}::{kind}::" in one.provider, one.urn


_SKIPS = {"skipCredentialsValidation", "skipRegionValidation"}
"""What `pulumi_aws` itself adds."""


def test_only_what_belongs_there_lives_in_the_backup_region(runs: dict[str, Run]) -> None:
    away = {
        (name, one.type.split(":")[-1], one.name)
        for name, run in runs.items()
        for one in run.custom
        if one.type.startswith("aws:") and "region" in one.inputs
    }
    replicas = {(name, "ReplicaKey", "body-replica") for name in ("272027", "271004", "271403")}
    assert away == {
        ("shared", "ReplicaKey", "platform-replica"),
        ("shared", "Vault", "vault-copy"),
        ("shared", "VaultLockConfiguration", "vault-copy"),
        *replicas,
    }


def test_fingerprints_know_every_output_that_is_consumed() -> None:
    assert {
        "shared": tuple(one.name for one in dataclasses.fields(SharedOutputs)),
        "cell": tuple(one.name for one in dataclasses.fields(CellOutputs)),
    } == CONSUMED


@pytest.mark.parametrize(
    ("program", "stack", "releases", "declared"),
    [
        ("foundation", "cell-a", {}, SHARED_IN_CELLS),
        ("tenant", "272027", {"chat": "1.0.0", "eapp-b": "1.0.0"}, SHARED_IN_BODIES),
        ("tenant", "271403", {"eapp-a": "1.0.0"}, SHARED_IN_BODIES | SHARED_IN_CELLS),
    ],
    ids=["cell", "in a cell", "own network"],
)
def test_fingerprints_count_the_outputs_that_a_stack_is_built_with_and_no_others(
    shared: Run,
    cell: Run,
    program: str,
    stack: str,
    releases: dict[str, str],
    declared: frozenset[str],
) -> None:
    def built(changed: str | None) -> list[tuple[str, object]]:
        outputs = dict(shared.outputs)
        if changed is not None:
            outputs[changed] += "x"
        references = {"shared": outputs, "cell-a": cell.outputs}
        config = config_of(SAMPLE, DAY, json.dumps(releases))
        run = run_program(program, stack, config, references)
        return sorted((one.urn, json.dumps(one.inputs, sort_keys=True)) for one in run.custom)

    usual = built(None)
    assert {name for name in CONSUMED["shared"] if built(name) != usual} == declared


def test_foundation_exports_what_bodies_consume(shared: Run, cell: Run) -> None:
    assert set(shared.outputs) == {*CONSUMED["shared"], "name_servers"}
    assert set(cell.outputs) == set(CONSUMED["cell"])


def test_body_exports_what_operations_need(city: Run, own: Run) -> None:
    for run in (city, own):
        assert set(run.outputs) == set(TenantOutputs.__annotations__)
        for service in run.outputs["services"].values():
            assert set(service) == set(ServiceOutputs.__annotations__)
            assert set(service["job"]) == JOB | {"health_role_arn"}
            assert service["active"]
    assert own.outputs["services"]["eapp-a"]["database_host"] == "own.rds.amazonaws.com"
    assert city.outputs["services"]["chat"]["database_host"] == "cell-a.rds.amazonaws.com"


def test_a_database_knows_the_job_that_works_on_it(city: Run, own: Run) -> None:
    for run in (city, own):
        for database in run.of("moyai:index:Database"):
            assert set(database.inputs["job"]) == {camel_case(name) for name in JOB}


def test_outputs_hold_no_secret_value(city: Run) -> None:
    words = json.dumps(city.outputs)
    assert "arn:aws:secretsmanager" in words
    assert "password" not in words.lower()


def test_body_in_a_cell(city: Run) -> None:
    kinds = Counter(one.type.split(":")[-1] for one in city.custom)
    assert kinds["Key"] == kinds["ReplicaKey"] == kinds["Database"] // 2 == 1
    assert kinds["Bucket"] == 2
    assert kinds["Service"] == 2
    assert kinds["Secret"] == 4
    assert kinds["Vpc"] == kinds["Cluster"] == 0
    # chat has a staff way only, e-application B both
    assert kinds["TargetGroup"] == kinds["ListenerRule"] == kinds["Record"] == 3


def test_body_with_network_isolation_has_everything_to_itself(own: Run) -> None:
    kinds = Counter(one.type for one in own.custom)
    for type_ in (
        "aws:ec2/vpc:Vpc",
        "aws:rds/cluster:Cluster",
        "aws:ecs/cluster:Cluster",
        "aws:wafv2/webAcl:WebAcl",
    ):
        assert kinds[type_] == 1
    assert not [one for one in own.resources if one.name == "cell-a"]
    key = own.one("aws:kms/key:Key", "body").state["arn"]
    cluster = own.one("aws:rds/cluster:Cluster", "own").inputs
    assert cluster["kmsKeyId"] == key
    assert cluster["masterUserSecretKmsKeyId"] != key
    for group in own.of("aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["kmsKeyId"] == key


def test_database_cluster_is_as_the_controls_ask(cell: Run) -> None:
    cluster = cell.one("aws:rds/cluster:Cluster", "cell-a").inputs
    assert cluster["storageEncrypted"] is True
    assert cluster["iamDatabaseAuthenticationEnabled"] is True
    assert cluster["deletionProtection"] is True
    assert cluster["backupRetentionPeriod"] == 35
    assert cluster["manageMasterUserPassword"] is True
    assert cluster["skipFinalSnapshot"] is False
    assert "masterPassword" not in cluster
    group = cell.one("aws:rds/clusterParameterGroup:ClusterParameterGroup", "cell-a").inputs
    assert {"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"} in group[
        "parameters"
    ]


def test_logs_are_kept_a_year_and_encrypted(runs: dict[str, Run]) -> None:
    for run in runs.values():
        for group in run.of("aws:cloudwatch/logGroup:LogGroup"):
            assert group.inputs["retentionInDays"] >= 365
            assert group.inputs["kmsKeyId"].startswith("arn:aws:kms:")


def test_ways_in(cell: Run) -> None:
    public = cell.one("aws:lb/loadBalancer:LoadBalancer", "cell-a-public").inputs
    staff = cell.one("aws:lb/loadBalancer:LoadBalancer", "cell-a-staff").inputs
    assert (public["internal"], staff["internal"]) == (False, True)
    for one in cell.of("aws:lb/listener:Listener"):
        if one.inputs["protocol"] == "HTTPS":
            assert one.inputs["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
        else:
            (action,) = one.inputs["defaultActions"]
            assert action["redirect"]["protocol"] == "HTTPS"
            assert one.inputs["loadBalancerArn"].endswith("cell-a-public")
    (acl,) = cell.of("aws:wafv2/webAclAssociation:WebAclAssociation")
    assert acl.inputs["resourceArn"].endswith("cell-a-public")


def test_only_the_public_load_balancer_faces_the_internet(runs: dict[str, Run]) -> None:
    open_to_all = {
        (one.name, one.inputs["fromPort"])
        for run in runs.values()
        for one in run.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if one.inputs.get("cidrIpv4") == "0.0.0.0/0"
    }
    assert open_to_all == {
        (f"{cell}-public-{port}", port) for cell in ("cell-a", "own") for port in (80, 443)
    }


def test_tasks_are_reached_on_their_services_ports_from_load_balancers_only(city: Run) -> None:
    rules = city.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    found = {(one.name, one.inputs["fromPort"], one.inputs["toPort"]) for one in rules}
    assert found == {
        ("tasks-public-8080", 8080, 8080),
        ("tasks-staff-8080", 8080, 8080),
        ("tasks-staff-8065", 8065, 8065),
    }
    assert all("cidrIpv4" not in one.inputs for one in rules)


def test_staff_route_asks_for_host_and_lgwan_range(city: Run) -> None:
    rule = city.one("aws:lb/listenerRule:ListenerRule", "chat-staff-0").inputs
    assert rule["listenerArn"].endswith("Listener/cell-a-staff")
    assert rule["conditions"] == [
        {"hostHeader": {"values": ["kishiwada.chat.osaka.example.jp"]}},
        {"sourceIp": {"values": ["10.200.3.0/24"]}},
    ]
    public = city.one("aws:lb/listenerRule:ListenerRule", "eapp-b-public-0").inputs
    assert public["listenerArn"].endswith("Listener/cell-a-public")
    assert [list(one) for one in public["conditions"]] == [["hostHeader"]]


def test_many_lgwan_ranges_make_more_rules_to_one_target_group(
    build: Build, project: Callable[[str, str], Path]
) -> None:
    ranges = [f"10.201.{number}.0/24" for number in range(8)]
    file = project("lgwan: [10.200.3.0/24]", f"lgwan: [{', '.join(ranges)}]")
    run = build("272027", file=file, chat="1.0.0")
    rules = sorted(run.of("aws:lb/listenerRule:ListenerRule"), key=lambda one: one.name)
    sources = [one.inputs["conditions"][1]["sourceIp"]["values"] for one in rules]
    assert [one for some in sources for one in some] == ranges
    assert all(1 + len(some) <= 5 for some in sources)
    assert len({one.inputs["priority"] for one in rules}) == len(rules) == 3
    assert len({one.inputs["actions"][0]["targetGroupArn"] for one in rules}) == 1


def test_lgwan_range_that_is_not_private_is_let_in_by_its_body(
    build: Build, project: Callable[[str, str], Path]
) -> None:
    file = project("lgwan: [10.200.3.0/24]", "lgwan: [10.200.3.0/24, 198.51.100.0/24]")
    run = build("272027", file=file, chat="1.0.0")
    rule = run.one(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "lgwan-198.51.100.0-24"
    )
    assert rule.inputs["securityGroupId"] == "cell-a-staff-id"
    assert rule.inputs["cidrIpv4"] == "198.51.100.0/24"


def test_hosts_lead_to_the_load_balancer_of_their_way(city: Run) -> None:
    record = city.one("aws:route53/record:Record", "chat-staff").inputs
    assert record["name"] == "kishiwada.chat.osaka.example.jp"
    assert record["aliases"][0]["name"] == "cell-a-staff.elb.amazonaws.com"


def test_certificate_covers_every_host_of_every_body(shared: Run) -> None:
    certificate = shared.one("aws:acm/certificate:Certificate", "domain").inputs
    covered = {certificate["domainName"], *certificate["subjectAlternativeNames"]}
    registry = require(SAMPLE)
    for target in registry.services.values():
        for pattern in (target.manifest.routes.public, target.manifest.routes.staff):
            if pattern is not None:
                host = pattern.format(slug="x", code="1", domain=registry.federation.domain)
                assert "*." + host.split(".", 1)[1] in covered
    proofs = shared.of("aws:route53/record:Record")
    assert {one.inputs["name"].removeprefix("_proof.") for one in proofs} == {
        one.removeprefix("*.") for one in covered
    }


def test_settings_become_parameters(city: Run) -> None:
    registry = require(SAMPLE)
    body = registry.tenant("272027")
    assert body is not None
    for subscription in body.subscriptions:
        for setting, value in subscription.settings.items():
            one = city.one("aws:ssm/parameter:Parameter", f"{subscription.service}-{setting}")
            assert one.inputs["name"] == f"/moyai/272027/{subscription.service}/{setting}"
            told = one.inputs["value"]
            assert told == value if isinstance(value, str) else json.loads(told) == value


def test_release_on_record_decides_the_image_and_the_target_does_not(build: Build) -> None:
    registry = require(SAMPLE)
    target = registry.services["chat"].release
    assert target == "1.0.0"
    run = build("272027", chat="1.1.0")
    (container,) = json.loads(
        run.one("aws:ecs/taskDefinition:TaskDefinition", "chat").inputs["containerDefinitions"]
    )
    assert container["image"].endswith("/moyai-chat:1.1.0")
    assert {"name": "RELEASE", "value": "1.1.0"} in container["environment"]
    assert run.outputs["services"]["chat"]["release"] == "1.1.0"
    assert set(run.outputs["services"]) == {"chat"}, "what has no release is not built"


def test_ended_subscription_keeps_its_data_and_stops_its_service(
    build: Build, project: Callable[[str, str], Path], city: Run
) -> None:
    old = "- { service: chat, from: 2022-04-01 }\n      - { service: eapp-b, from: 2022-10-01 }"
    file = project(old, old.replace("2022-04-01", "2022-04-01, until: 2026-04-01"))
    run = build("272027", file=file, chat="1.0.0", eapp_b="1.0.0")
    gone = {one.urn for one in city.custom} - {one.urn for one in run.custom}
    assert not [urn for urn in gone if any(kind in urn for kind in KEPT)]
    assert [one.name for one in run.of("aws:ecs/service:Service")] == ["eapp-b"]
    assert not [one for one in run.of("aws:lb/targetGroup:TargetGroup") if "chat" in one.name]
    assert {one.name for one in run.of("moyai:index:Database")} == {"chat", "eapp-b"}
    told = run.outputs["services"]["chat"]
    assert (told["active"], told["urls"]) == (False, [])
    assert "health_role_arn" not in told["job"]


def test_component_of_a_stopped_service_keeps_what_holds_data(
    build: Build, project: Callable[[str, str], Path]
) -> None:
    file = project(
        "from: 2022-04-01, edition: large", "from: 2022-04-01, until: 2026-04-01, edition: large"
    )
    run = build("271004", file=file, eapp_a="1.0.0")
    assert run.one("aws:secretsmanager/secret:Secret", "eapp-a-gbizid").protect
    assert not run.of("aws:sns/topic:Topic")


def test_service_starts_after_its_database_and_its_rules(city: Run) -> None:
    service = city.one("aws:ecs/service:Service", "chat")
    needs = set(service.needs)
    assert city.one("moyai:index:Database", "chat").urn in needs
    assert city.one("aws:lb/listenerRule:ListenerRule", "chat-staff-0").urn in needs


def test_health_runs_as_the_services_task_role(city: Run) -> None:
    task = city.one("aws:iam/role:Role", "chat")
    assert city.outputs["services"]["chat"]["job"]["health_role_arn"] == task.state["arn"]
    definition = city.one("aws:ecs/taskDefinition:TaskDefinition", "chat")
    assert definition.inputs["taskRoleArn"] == task.state["arn"]


def test_backups_are_locked_and_kept_as_the_policy_says(city: Run) -> None:
    lock = city.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "backups")
    retention = lock.inputs["rule"]["defaultRetention"]
    assert retention == {"mode": "COMPLIANCE", "days": 35}
    rules = city.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "backups"
    ).inputs["rules"]
    kept = {
        rule["filter"]["prefix"]: rule["expiration"]["days"]
        for rule in rules
        if "expiration" in rule
    }
    assert kept == {"daily/": 35, "weekly/": 56, "monthly/": 372, "yearly/": 1098, "backups/": 35}


def test_trail_is_validated_and_goes_into_a_locked_bucket(shared: Run) -> None:
    trail = shared.one("aws:cloudtrail/trail:Trail", "trail").inputs
    assert trail["enableLogFileValidation"] is True
    assert trail["isMultiRegionTrail"] is True
    bucket = shared.one("aws:s3/bucket:Bucket", "trail").inputs
    assert bucket["objectLockEnabled"] is True
    assert trail["s3BucketName"] == bucket["bucket"]


BUDGET = "aws:budgets/budget:Budget"
YEN = "    - { fiscal_year: 2026, amount: 240000000 }\n"


def budgets(*more: str) -> str:
    return YEN + "".join(f"    - {{ fiscal_year: 2026, amount: 1, {one} }}\n" for one in more)


def test_a_bodys_budgets_are_in_its_stack_and_see_its_tags(
    build: Build, project: Callable[[str, str], Path]
) -> None:
    file = project(
        YEN,
        budgets(
            'body: "272027", aws: { monthly_usd: "99.50" }',
            'body: "272027", service: chat, warn_percent: 100, aws: { monthly_usd: 40 }',
            'body: "271004", aws: { monthly_usd: 1 }',
        ),
    )
    run = build("272027", file=file, chat="1.0.0")
    # A program's resources are registered side by side: in any order.
    assert sorted(one.name for one in run.of(BUDGET)) == ["budget", "budget-chat"]
    whole, chat = run.one(BUDGET, "budget").inputs, run.one(BUDGET, "budget-chat").inputs
    assert (whole["name"], whole["limitAmount"], whole["limitUnit"]) == (
        "osaka-budget-272027",
        "99.50",
        "USD",
    )
    assert (whole["timeUnit"], whole["timePeriodStart"]) == ("MONTHLY", "2026-04-01_00:00")
    assert "timePeriodEnd" not in whole
    tenant = {"tags": {"key": "moyai:tenant", "values": ["272027"]}}
    service = {"tags": {"key": "moyai:service", "values": ["chat"]}}
    assert (whole["filterExpression"], whole["metrics"]) == (tenant, "UnblendedCost")
    assert chat["filterExpression"] == {"ands": [tenant, service]}
    for one, wanted in ((whole, "-"), (chat, "chat")):
        assert (one["tags"]["moyai:tenant"], one["tags"]["moyai:service"]) == ("272027", wanted)
    assert [(one["notificationType"], one["threshold"]) for one in whole["notifications"]] == [
        ("ACTUAL", 90.0),
        ("ACTUAL", 100.0),
        ("FORECASTED", 100.0),
    ]
    assert [(one["notificationType"], one["threshold"]) for one in chat["notifications"]] == [
        ("ACTUAL", 100.0),
        ("FORECASTED", 100.0),
    ]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:osaka-alarms"
    assert all(one["subscriberSnsTopicArns"] == [topic] for one in whole["notifications"])


def test_other_budgets_are_in_the_shared_stack(
    build: Build, project: Callable[[str, str], Path]
) -> None:
    more = ("service: chat, aws: { monthly_usd: 5 }", 'body: "272027", aws: { monthly_usd: 1 }')
    file = project(
        YEN, budgets(*more).replace("240000000 }", "240000000, aws: { monthly_usd: 7 } }")
    )
    run = run_program("foundation", "shared", config_of(file))
    whole, chat = run.one(BUDGET, "budget").inputs, run.one(BUDGET, "budget-chat").inputs
    assert whole["limitAmount"] == "7.00"
    assert not {"filterExpression", "metrics"} & set(whole), "with what cannot be tagged"
    assert chat["filterExpression"]["tags"] == {"key": "moyai:service", "values": ["chat"]}
    assert (chat["tags"]["moyai:tenant"], chat["tags"]["moyai:service"]) == ("shared", "chat")
    assert run_program("foundation", "shared", config_of(file, "2027-04-01")).of(BUDGET) == []


def test_the_topic_of_alarms_hears_of_this_accounts_budgets_only(shared: Run) -> None:
    account = {"aws:SourceAccount": ACCOUNT}
    topic = json.loads(shared.one("aws:sns/topic:Topic", "alarms").inputs["policy"])
    (publish,) = [one for one in topic["Statement"] if one["Sid"] == "Budgets"]
    assert publish["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert publish["Action"] == ["sns:Publish"]
    assert publish["Condition"]["StringEquals"] == account
    key = json.loads(shared.one("aws:kms/key:Key", "platform").inputs["policy"])
    (use,) = [one for one in key["Statement"] if one["Sid"] == "Alarms"]
    assert "budgets.amazonaws.com" in use["Principal"]["Service"]
    assert use["Condition"] == {"StringEquals": account}


def test_subnets_of_a_cell_do_not_overlap(cell: Run) -> None:
    networks = [IPv4Network(one.inputs["cidrBlock"]) for one in cell.of("aws:ec2/subnet:Subnet")]
    assert len(networks) == 9
    assert not any(
        one.overlaps(other)
        for number, one in enumerate(networks)
        for other in networks[number + 1 :]
    )
    zones = Counter(one.inputs["availabilityZone"] for one in cell.of("aws:ec2/subnet:Subnet"))
    assert zones == {f"{REGION}{letter}": 3 for letter in "acd"}


def test_programs_answer_wrong_configuration_with_sentences(cell: Run) -> None:
    config = {"registry": str(SAMPLE), "site": "sandbox", "asOf": "2026-11-23"}
    wrong = (
        ("tenant", "999999", config, "999999"),
        ("foundation", "cell-z", config, "cell-a"),
        ("foundation", "shared", {**config, "site": "moon"}, "sandbox"),
    )
    for project, stack, given, word in wrong:
        with pytest.raises(MoyaiError) as error:
            run_program(project, stack, given)
        assert all(word in line for line in (error.value.what.ja, error.value.what.en))


def test_release_that_its_manifest_lost_is_named(build: Build) -> None:
    with pytest.raises(MoyaiError, match=r"chat.*9\.9\.9") as error:
        build("272027", chat="9.9.9")
    assert "1.1.0" in error.value.what.en
    assert error.value.remedy is not None


def test_account_isolation_is_refused_before_anything_is_made() -> None:
    registry = require(SAMPLE)
    body = dataclasses.replace(registry.tenants[0], isolation=Isolation.ACCOUNT)
    nothing = SharedOutputs(*[""] * len(dataclasses.fields(SharedOutputs)))
    args = EnvironmentArgs(
        registry, registry.sites["sandbox"], body, date(2026, 11, 23), {}, nothing, None
    )
    with pytest.raises(Refused) as error:
        Environment(body.code, args)
    assert body.name in error.value.what.ja
    assert "network" in error.value.lines("en")[-1]


def test_one_process_runs_one_stack_after_another(build: Build, city: Run, own: Run) -> None:
    build("271403", day="2026-11-22", eapp_a="1.0.0")
    again = build("272027", day="2026-11-24", chat="1.0.0", eapp_b="1.0.0")
    known = {one.urn: one.inputs for one in city.custom}
    assert {one.urn: one.inputs for one in again.custom} == known
    assert all("271403" not in json.dumps(one.inputs) for one in again.custom)
    assert all("272027" not in json.dumps(one.inputs) for one in own.custom)
