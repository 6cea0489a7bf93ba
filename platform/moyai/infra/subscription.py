"""One body's use of one service: its data, its job, and, while it is active, its service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from moyai.infra import tasks
from moyai.infra.body import Body, execution_role_name, job_role_name, task_role_name
from moyai.infra.database import Database, DatabaseArgs, JobTarget
from moyai.infra.outputs import CellOutputs, SharedOutputs
from moyai.infra.policies import allow, document
from moyai.infra.scope import Scope
from moyai.planning import names
from moyai.planning.routes import Rule, Way
from moyai.registry.models import JsonValue, Manifest, Release, Subscription, Tenant

SECRET_RECOVERY_DAYS = 30


@dataclass(frozen=True, slots=True)
class SubscriptionArgs:
    """A subscription and where it runs."""

    body: Tenant
    subscription: Subscription
    manifest: Manifest
    release: Release
    active: bool
    """Whether its service runs; its data are there either way."""
    rules: Sequence[Rule]
    """Its listener rules on both ways."""
    scope: Scope
    shared: SharedOutputs
    cell: CellOutputs
    home: Body
    task_group_id: pulumi.Input[str]
    """The body's security group of tasks."""


class SubscriptionData(pulumi.ComponentResource):
    """Secrets, database and the job that works on them. Protected: data outlive the service."""

    def __init__(
        self, name: str, args: SubscriptionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:SubscriptionData", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        self.owner_secret = self._secret(f"{name}-owner", "owner", kept)
        self.app_secret = self._secret(f"{name}-app", "app", kept)
        wanted = names.database(args.body.code, args.manifest.name)
        site, cell = args.scope.site, args.cell
        edition = args.manifest.editions[args.subscription.edition]
        self.database = Database(
            name,
            DatabaseArgs(
                name=wanted.database,
                owner_role=wanted.owner,
                app_role=wanted.app,
                owner_secret_arn=self.owner_secret.arn,
                app_secret_arn=self.app_secret.arn,
                master_secret_arn=cell.master_secret_arn,
                host=cell.database_host,
                port=cell.database_port,
                connection_limit=edition.database_connections,
                ssl_mode=site.database_sslmode,
                region=site.region,
                job=JobTarget(
                    cluster_arn=cell.ecs_cluster_arn,
                    task_definition_arn=cell.admin_task_arn,
                    subnets=cell.private_subnet_ids,
                    security_groups=[cell.job_group_id, cell.database_clients_group_id],
                    log_group=cell.admin_log_group,
                    stream_prefix=tasks.JOB_STREAM,
                ),
            ),
            kept,
        )
        self.job = self._job(name, wanted)
        self.register_outputs({"database": wanted.database})

    def _secret(
        self, name: str, role: str, opts: pulumi.ResourceOptions
    ) -> aws.secretsmanager.Secret:
        args = self._args
        return aws.secretsmanager.Secret(
            name,
            name=names.secret(args.body.code, args.manifest.name, role),
            kms_key_id=args.home.key.arn,
            recovery_window_in_days=SECRET_RECOVERY_DAYS,
            tags=args.scope.tags(),
            opts=opts,
        )

    def _job(self, name: str, wanted: names.DatabaseNames) -> aws.ecs.TaskDefinition:
        """Migrates as the owner and checks health as the application; reaches nothing else."""
        args, child = self._args, self._child
        scope, site, home = args.scope, args.scope.site, args.home
        prefix = names.subscription_prefix(scope.federation, args.body.code, args.manifest.name)
        role = tasks.task_role(
            f"{name}-job",
            job_role_name(scope),
            scope,
            args.shared.boundary_arn,
            pulumi.Output.all(self.owner_secret.arn, self.app_secret.arn, home.key.arn).apply(
                lambda known: document(
                    allow("Secrets", ["secretsmanager:GetSecretValue"], known[:2]),
                    *object_access(home.documents_name, args.manifest.name),
                    allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [known[2]]),
                )
            ),
            child,
        )
        execution = tasks.task_role(
            f"{name}-exec",
            execution_role_name(scope),
            scope,
            args.shared.boundary_arn,
            pulumi.Output.all(home.log_group.arn, home.key.arn, self.app_secret.arn).apply(
                lambda known: tasks.execution_policy(
                    known[0],
                    [known[2]],
                    f"arn:aws:ssm:{site.region}:{site.account_id}:parameter"
                    + names.parameter(args.body.code, args.manifest.name, "*"),
                    known[1],
                )
            ),
            child,
        )
        self.execution_role_arn = execution.arn
        environment = pulumi.Output.all(
            self.owner_secret.arn,
            self.app_secret.arn,
            args.cell.database_host,
            args.cell.database_port,
        ).apply(
            lambda known: tasks.container(
                tasks.JOB_CONTAINER,
                tasks.jobs_image(site),
                site.region,
                home.log_group_name,
                f"{args.manifest.name}-{tasks.JOB_STREAM}",
                {
                    "OWNER_SECRET": known[0],
                    "APP_SECRET": known[1],
                    "DATABASE_HOST": known[2],
                    "DATABASE_PORT": str(int(known[3])),
                    "DATABASE_NAME": wanted.database,
                    "DATABASE_SSLMODE": site.database_sslmode,
                    "OWNER_ROLE": wanted.owner,
                    "APP_ROLE": wanted.app,
                    "SERVICE": args.manifest.name,
                    "DOCUMENTS_BUCKET": home.documents_name,
                    "OBJECT_PREFIX": names.object_prefix(args.manifest.name),
                    "AWS_REGION": site.region,
                },
            )
        )
        return aws.ecs.TaskDefinition(
            f"{name}-job",
            family=f"{prefix}-job",
            cpu=str(tasks.JOB_CPU),
            memory=str(tasks.JOB_MEMORY),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            task_role_arn=role.arn,
            execution_role_arn=execution.arn,
            container_definitions=environment,
            tags=scope.tags(),
            opts=child,
        )


def object_access(bucket: str, service: str) -> tuple[Mapping[str, object], ...]:
    """Statements for a service's own prefix in the body's documents bucket."""
    prefix = names.object_prefix(service)
    arn = f"arn:aws:s3:::{bucket}"
    return (
        allow("List", ["s3:ListBucket"], [arn], {"StringLike": {"s3:prefix": f"{prefix}*"}}),
        allow("Objects", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{arn}/{prefix}*"]),
    )


class SubscriptionService(pulumi.ComponentResource):
    """The running service: task, service, ways in, parameters, alarms."""

    def __init__(
        self,
        name: str,
        args: SubscriptionArgs,
        data: SubscriptionData,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("moyai:infra:SubscriptionService", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._prefix = names.subscription_prefix(
            args.scope.federation, args.body.code, args.manifest.name
        )
        parameters = self._parameters(name)
        ways = sorted({rule.way for rule in args.rules})
        targets = {way: self._target(f"{name}-{way}", way) for way in ways}
        rules = [self._rule(name, number, targets) for number in range(len(args.rules))]
        task = self._task(name, data, parameters)
        edition = args.manifest.editions[args.subscription.edition]
        self.service = aws.ecs.Service(
            name,
            name=self._prefix,
            cluster=args.cell.ecs_cluster_arn,
            task_definition=task.arn,
            desired_count=edition.desired_count,
            launch_type="FARGATE",
            network_configuration={
                "subnets": args.cell.private_subnet_ids,
                "security_groups": [args.task_group_id, args.cell.database_clients_group_id],
                "assign_public_ip": False,
            },
            load_balancers=[
                {
                    "target_group_arn": target.arn,
                    "container_name": args.manifest.name,
                    "container_port": args.manifest.routes.port,
                }
                for target in targets.values()
            ],
            enable_execute_command=False,
            tags=args.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules),
        )
        self._alarms(name)
        self.register_outputs({})

    def _parameters(self, name: str) -> list[str]:
        """One parameter a setting; the names, for the task's definition."""
        args = self._args
        for setting, value in sorted(args.subscription.settings.items()):
            aws.ssm.Parameter(
                f"{name}-{setting}",
                name=names.parameter(args.body.code, args.manifest.name, setting),
                type="String",
                value=_words(value),
                tags=args.scope.tags(),
                opts=self._child,
            )
        return sorted(args.subscription.settings)

    def _target(self, name: str, way: str) -> aws.lb.TargetGroup:
        """A target group serves one load balancer only, so that each way has its own."""
        args = self._args
        routes = args.manifest.routes
        return aws.lb.TargetGroup(
            name,
            name=names.fit(f"{self._prefix}-{way}", names.LOAD_BALANCER_LIMIT),
            port=routes.port,
            protocol="HTTP",
            target_type="ip",
            vpc_id=args.cell.vpc_id,
            deregistration_delay=30,
            health_check={"path": routes.health_path, "matcher": "200", "interval": 15},
            tags=args.scope.tags(),
            opts=self._child,
        )

    def _rule(
        self, name: str, number: int, targets: Mapping[Way, aws.lb.TargetGroup]
    ) -> aws.lb.ListenerRule:
        args = self._args
        rule = args.rules[number]
        listener = (
            args.cell.public_listener_arn if rule.way == "public" else args.cell.staff_listener_arn
        )
        conditions: list[aws.lb.ListenerRuleConditionArgsDict] = [
            {"host_header": {"values": [rule.host]}}
        ]
        if rule.sources:
            conditions.append({"source_ip": {"values": [str(one) for one in rule.sources]}})
        return aws.lb.ListenerRule(
            f"{name}-{rule.way}-{number}",
            listener_arn=listener,
            priority=rule.priority,
            conditions=conditions,
            actions=[{"type": "forward", "target_group_arn": targets[rule.way].arn}],
            tags=args.scope.tags(),
            opts=self._child,
        )

    def _task(
        self, name: str, data: SubscriptionData, parameters: Sequence[str]
    ) -> aws.ecs.TaskDefinition:
        args, child = self._args, self._child
        scope, site, home = args.scope, args.scope.site, args.home
        edition = args.manifest.editions[args.subscription.edition]
        role = tasks.task_role(
            name,
            task_role_name(scope),
            scope,
            args.shared.boundary_arn,
            home.key.arn.apply(
                lambda key: document(
                    *object_access(home.documents_name, args.manifest.name),
                    allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [key]),
                )
            ),
            child,
        )
        base = f"arn:aws:ssm:{site.region}:{site.account_id}:parameter"
        secrets = {
            f"SETTING_{one.upper()}": base
            + names.parameter(args.body.code, args.manifest.name, one)
            for one in parameters
        }
        definition = data.app_secret.arn.apply(
            lambda arn: tasks.container(
                args.manifest.name,
                tasks.image(site, args.release.image),
                site.region,
                home.log_group_name,
                args.manifest.name,
                {
                    "MUNICIPALITY_CODE": args.body.code,
                    "RELEASE": args.release.version,
                    "EDITION": edition.name,
                    "DOCUMENTS_BUCKET": home.documents_name,
                    "OBJECT_PREFIX": names.object_prefix(args.manifest.name),
                },
                {"DATABASE": arn, **secrets},
                args.manifest.routes.port,
            )
        )
        return aws.ecs.TaskDefinition(
            name,
            family=self._prefix,
            cpu=str(edition.cpu),
            memory=str(edition.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            task_role_arn=role.arn,
            execution_role_arn=data.execution_role_arn,
            container_definitions=definition,
            tags=scope.tags(),
            opts=child,
        )

    def _alarms(self, name: str) -> None:
        args = self._args
        cluster = pulumi.Output.from_input(args.cell.ecs_cluster_arn).apply(
            lambda arn: arn.rsplit("/", 1)[-1]
        )
        for metric, threshold in (("CPUUtilization", 85), ("MemoryUtilization", 90)):
            aws.cloudwatch.MetricAlarm(
                f"{name}-{metric}",
                name=f"{self._prefix}-{metric}",
                alarm_description=f"{args.body.name} {args.manifest.title_ja}",
                namespace="AWS/ECS",
                metric_name=metric,
                dimensions={"ClusterName": cluster, "ServiceName": self._prefix},
                statistic="Average",
                period=300,
                evaluation_periods=3,
                threshold=threshold,
                comparison_operator="GreaterThanThreshold",
                alarm_actions=[args.shared.alarm_topic_arn],
                treat_missing_data="notBreaching",
                tags=args.scope.tags(),
                opts=self._child,
            )


def _words(value: JsonValue) -> str:
    """A setting as a parameter's text: words as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
