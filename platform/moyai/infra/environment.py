"""One body's whole environment, out of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pulumi
import pulumi_aws as aws

from moyai.infra import tasks
from moyai.infra.body import Body, BodyArgs
from moyai.infra.cell import Cell, CellArgs
from moyai.infra.extension import extend
from moyai.infra.outputs import CellOutputs, SharedOutputs
from moyai.infra.scope import Scope
from moyai.infra.subscription import SubscriptionArgs, SubscriptionData, SubscriptionService
from moyai.planning import names
from moyai.planning.routes import Rule, tenant_rules
from moyai.registry.models import Isolation, Registry, Site, Tenant


@dataclass(frozen=True, slots=True)
class EnvironmentArgs:
    """What a body's stack is built from."""

    registry: Registry
    site: Site
    body: Tenant
    day: date
    releases: Mapping[str, str]
    """Service → release; a service not named here is not built."""
    shared: SharedOutputs
    cell: CellOutputs | None
    """The shared cell; None for a body that has one to itself."""


class Environment(pulumi.ComponentResource):
    """One body's environment. `outputs()` is what its stack exports."""

    def __init__(
        self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("moyai:infra:Environment", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        body, federation = args.body, args.registry.federation
        self._scope = Scope(federation, args.site, body.code, extra=body.tags)
        own = body.isolation is Isolation.NETWORK
        prefix = (
            names.tenant_prefix(federation, body.code)
            if own
            else names.cell_prefix(federation, body.cell)
        )
        self.home = Body(
            "body",
            BodyArgs(
                body,
                self._scope,
                sorted(args.releases),
                f"{prefix}-database-admin",
                args.shared.boundary_arn,
            ),
            self._child,
        )
        self.cell = args.cell or self._own_cell(prefix)
        group = self._task_group()
        rules = tenant_rules(args.registry, body, args.day)
        self._services = {
            one.service: self._subscription(one.service, rules, group)
            for one in body.subscriptions
            if one.service in args.releases
        }
        self.register_outputs({})

    def _own_cell(self, prefix: str) -> CellOutputs:
        args = self._args
        body = args.body
        assert body.cidr is not None
        domain = args.registry.federation.domain
        cell = Cell(
            "own",
            CellArgs(
                prefix,
                body.cidr,
                self._scope,
                args.shared,
                self.home.key.arn,
                [f"{body.slug}.{domain}", *sorted(_hosts(args))],
                f"moyai/{body.code}/*",
            ),
            self._child,
        )
        return cell.outputs

    def _task_group(self) -> pulumi.Output[str]:
        """The body's tasks: reached from its cell's load balancers, going out over HTTPS only."""
        prefix = names.tenant_prefix(self._args.registry.federation, self._args.body.code)
        group = aws.ec2.SecurityGroup(
            "tasks",
            name=f"{prefix}-tasks",
            description="The body's tasks",
            vpc_id=self.cell.vpc_id,
            tags=self._scope.tags(f"{prefix}-tasks"),
            opts=self._child,
        )
        for way, source in (
            ("public", self.cell.public_group_id),
            ("staff", self.cell.staff_group_id),
        ):
            aws.vpc.SecurityGroupIngressRule(
                f"tasks-{way}",
                security_group_id=group.id,
                referenced_security_group_id=source,
                ip_protocol="tcp",
                from_port=1024,
                to_port=65535,
                tags=self._scope.tags(),
                opts=self._child,
            )
        aws.vpc.SecurityGroupEgressRule(
            "tasks",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=self._scope.tags(),
            opts=self._child,
        )
        return group.id

    def _subscription(
        self, service: str, rules: tuple[Rule, ...], group: pulumi.Output[str]
    ) -> dict[str, pulumi.Input[object]]:
        args = self._args
        subscription = args.body.subscription(service)
        assert subscription is not None
        manifest = args.registry.services[service].manifest
        mine = [rule for rule in rules if rule.service == service]
        wanted = SubscriptionArgs(
            body=args.body,
            subscription=subscription,
            manifest=manifest,
            release=manifest.releases[args.releases[service]],
            active=subscription.is_active(args.day),
            rules=mine,
            scope=self._scope.of_service(service),
            shared=args.shared,
            cell=self.cell,
            home=self.home,
            task_group_id=group,
        )
        data = SubscriptionData(service, wanted, self._child)
        if wanted.active:
            SubscriptionService(service, wanted, data, self._child)
            extend(wanted, self._child)
        return self._service_outputs(wanted, data)

    def _service_outputs(
        self, wanted: SubscriptionArgs, data: SubscriptionData
    ) -> dict[str, pulumi.Input[object]]:
        service = wanted.manifest.name
        return {
            "release": wanted.release.version,
            "edition": wanted.subscription.edition,
            "active": wanted.active,
            "urls": sorted({f"https://{rule.host}/" for rule in wanted.rules}),
            "database_host": self.cell.database_host,
            "database_port": self.cell.database_port,
            "database": names.database(wanted.body.code, service).database,
            "owner_secret_arn": data.owner_secret.arn,
            "app_secret_arn": data.app_secret.arn,
            "job": {
                "cluster_arn": self.cell.ecs_cluster_arn,
                "task_definition_arn": data.job.arn,
                "subnets": self.cell.private_subnet_ids,
                "security_groups": [self.cell.job_group_id, self.cell.database_clients_group_id],
                "log_group": self.home.log_group_name,
                "stream_prefix": f"{service}-{tasks.JOB_STREAM}",
            },
        }

    def outputs(self) -> dict[str, object]:
        """What the stack exports: names and ARNs, never a password."""
        return {
            "code": self._args.body.code,
            "key_arn": self.home.key.arn,
            "documents_bucket": self.home.documents.bucket.bucket,
            "backups_bucket": self.home.backups.bucket.bucket,
            "auditor_role_arn": self.home.auditor_arn,
            "log_group": self.home.log_group_name,
            "services": self._services,
        }


def _hosts(args: EnvironmentArgs) -> set[str]:
    return {rule.host for rule in tenant_rules(args.registry, args.body, args.day)}
