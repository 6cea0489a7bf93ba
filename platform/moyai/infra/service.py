"""The running service of a subscription: task, ways in, parameters, alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from moyai.infra import dns, policies, tasks
from moyai.infra.alarms import Alarm, raise_alarms
from moyai.infra.extension import Extension
from moyai.infra.subscription import SubscriptionArgs, SubscriptionData
from moyai.json_value import JsonValue
from moyai.planning import names
from moyai.planning.routes import WAYS, Rule, Way

DRAIN_SECONDS = 30
"""How long a task that goes may end the requests that it has."""


class SubscriptionService(pulumi.ComponentResource):
    """What is there while the subscription is active."""

    def __init__(
        self,
        name: str,
        args: SubscriptionArgs,
        data: SubscriptionData,
        extension: Extension,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("moyai:infra:SubscriptionService", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._parameters(name)
        leading = {rule.way for rule in args.rules}
        self._ways: tuple[Way, ...] = tuple(way for way in WAYS if way in leading)
        targets = {way: self._target(f"{name}-{way}", way) for way in self._ways}
        rules = [self._rule(name, rule, targets[rule.way]) for rule in args.rules]
        dns.hosts(name, args.rules, args.shared.zone_id, args.cell, self._child)
        self.role = self._role(name, data, extension)
        task = self._task(name, data, extension)
        self.service = aws.ecs.Service(
            name,
            name=args.prefix,
            cluster=args.cell.ecs_cluster_arn,
            task_definition=task.arn,
            desired_count=args.edition.desired_count,
            launch_type="FARGATE",
            network_configuration={
                "subnets": args.cell.private_subnet_ids,
                "security_groups": [args.task_group_id, args.cell.database_clients_group_id],
                "assign_public_ip": False,
            },
            load_balancers=[
                {
                    "target_group_arn": target.arn,
                    "container_name": args.service,
                    "container_port": args.manifest.routes.port,
                }
                for target in targets.values()
            ],
            enable_execute_command=False,
            tags=args.scope.tags(),
            # A target group takes tasks only when a listener leads to it, and a task starts only
            # with the credentials that come with the database.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*rules, data.database]),
        )
        self._alarms(name, targets)
        self.register_outputs({})

    def _parameters(self, name: str) -> None:
        """One parameter a setting."""
        args = self._args
        for setting, value in sorted(args.subscription.settings.items()):
            aws.ssm.Parameter(
                f"{name}-{setting}",
                name=names.parameter(args.body.code, args.service, setting),
                type="String",
                value=_words(value),
                tags=args.scope.tags(),
                opts=self._child,
            )

    def _target(self, name: str, way: Way) -> aws.lb.TargetGroup:
        """A target group serves one load balancer only, so that each way has its own."""
        args = self._args
        routes = args.manifest.routes
        return aws.lb.TargetGroup(
            name,
            name=names.fit(f"{args.prefix}-{way}", names.LOAD_BALANCER_LIMIT),
            port=routes.port,
            protocol="HTTP",
            target_type="ip",
            vpc_id=args.cell.vpc_id,
            deregistration_delay=DRAIN_SECONDS,
            health_check={"path": routes.health_path, "matcher": "200", "interval": 15},
            tags=args.scope.tags(),
            opts=self._child,
        )

    def _rule(self, name: str, rule: Rule, target: aws.lb.TargetGroup) -> aws.lb.ListenerRule:
        conditions: list[aws.lb.ListenerRuleConditionArgsDict] = [
            {"host_header": {"values": [rule.host]}}
        ]
        if rule.sources:
            conditions.append({"source_ip": {"values": [str(one) for one in rule.sources]}})
        return aws.lb.ListenerRule(
            f"{name}-{rule.way}-{rule.part}",
            listener_arn=self._args.cell.of(rule.way).listener_arn,
            priority=rule.priority,
            conditions=conditions,
            actions=[{"type": "forward", "target_group_arn": target.arn}],
            tags=self._args.scope.tags(),
            opts=self._child,
        )

    def _role(self, name: str, data: SubscriptionData, extension: Extension) -> aws.iam.Role:
        """The service's own role: its objects, its database's secret, what its component adds."""
        args, home = self._args, self._args.home
        return tasks.task_role(
            name,
            args.roles["task"],
            args.scope,
            args.shared.bodies_boundary_arn,
            pulumi.Output.all(
                data.app_secret.arn, home.key.arn, pulumi.Output.from_input(extension.statements)
            ).apply(
                lambda known: policies.document(
                    policies.read_secrets([known[0]]),
                    *policies.own_objects(home.documents_name, args.object_prefix),
                    policies.use_key(known[1]),
                    *known[2],
                )
            ),
            self._child,
        )

    def _task(
        self, name: str, data: SubscriptionData, extension: Extension
    ) -> aws.ecs.TaskDefinition:
        args = self._args
        containers = pulumi.Output.all(
            data.app_secret.arn, pulumi.Output.from_input(extension.environment)
        ).apply(lambda known: self._container(known[0], known[1]))
        return tasks.task(
            name,
            tasks.TaskArgs(
                family=args.prefix,
                cpu=args.edition.cpu,
                memory=args.edition.memory,
                containers=containers,
                task_role_arn=self.role.arn,
                execution_role_arn=data.execution.arn,
                scope=args.scope,
            ),
            self._child,
        )

    def _container(self, app_secret_arn: str, environment: Mapping[str, str]) -> str:
        args, home, site = self._args, self._args.home, self._args.scope.site
        settings = {
            f"SETTING_{setting.upper()}": policies.arn(
                site,
                "ssm",
                f"parameter{names.parameter(args.body.code, args.service, setting)}",
            )
            for setting in args.subscription.settings
        }
        return tasks.container(
            args.service,
            tasks.image(site, args.release.image),
            site.region,
            home.log_group_name,
            args.service,
            {
                **environment,
                "AWS_REGION": site.region,
                "MUNICIPALITY_CODE": args.body.code,
                "RELEASE": args.release.version,
                "EDITION": args.edition.name,
                "DATABASE_SSLMODE": site.database_sslmode,
                "DATABASE_SECRET": app_secret_arn,
                "DOCUMENTS_BUCKET": home.documents_name,
                "OBJECT_PREFIX": args.object_prefix,
            },
            {"DATABASE": app_secret_arn, **settings},
            args.manifest.routes.port,
        )

    def _alarms(self, name: str, targets: Mapping[Way, aws.lb.TargetGroup]) -> None:
        args = self._args
        of = {"ClusterName": args.cell.ecs_cluster_name, "ServiceName": args.prefix}
        alarms = {
            "cpu": Alarm("AWS/ECS", "CPUUtilization", of, 85),
            "memory": Alarm("AWS/ECS", "MemoryUtilization", of, 90),
        }
        for way, target in targets.items():
            alarms[f"{way}-unhealthy"] = Alarm(
                "AWS/ApplicationELB",
                "UnHealthyHostCount",
                {"TargetGroup": target.arn_suffix, "LoadBalancer": args.cell.of(way).suffix},
                0,
                "Maximum",
            )
        raise_alarms(
            name,
            names.service_alarms(args.prefix, self._ways),
            alarms,
            args.scope,
            args.shared.alarm_topic_arn,
            self._child,
            about=f"{args.body.name} {args.service}",
        )


def _words(value: JsonValue) -> str:
    """A setting as a parameter's text: words as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
