"""One body's whole environment, out of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.infra import budgets, tasks
from moyai.infra.body import Body, BodyArgs
from moyai.infra.cell import Cell, CellArgs
from moyai.infra.database import TargetInputs
from moyai.infra.edge import PRIVATE
from moyai.infra.extension import extend
from moyai.infra.outputs import (
    CellOutputs,
    ServiceOutputs,
    SharedOutputs,
    TenantOutputs,
)
from moyai.infra.scope import Scope
from moyai.infra.service import SubscriptionService
from moyai.infra.subscription import SubscriptionArgs, SubscriptionData
from moyai.job_target import JobTarget
from moyai.planning import names
from moyai.planning.budgets import aws_budgets
from moyai.planning.facts import facts_of
from moyai.planning.routes import Way, tenant_rules
from moyai.registry.models import Isolation, Manifest, Registry, Release, Site, Tenant
from moyai.texts import Text


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
    """One body's environment; `outputs` is what its stack exports.

    Raises `Refused` for account isolation, `UsageError` for a release that its service has not.
    """

    def __init__(
        self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        _check(args)
        super().__init__("moyai:infra:Environment", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        body, federation = args.body, args.registry.federation
        self._scope = Scope(federation, args.site, body.code, extra=body.tags)
        own = args.cell is None
        prefix = (
            names.tenant_prefix(federation, body.code)
            if own
            else names.cell_prefix(federation, body.cell)
        )
        built = [one.service for one in body.subscriptions if one.service in args.releases]
        self.home = Body(
            "body",
            BodyArgs(
                body=body,
                scope=self._scope,
                services=sorted(built),
                admin_role=names.cell_roles(prefix)["database-admin"],
                boundary_arn=args.shared.bodies_boundary_arn,
                own_cell=own,
            ),
            self._child,
        )
        self.cell = args.cell or self._own_cell(prefix)
        self._rules = tenant_rules(args.registry, body, args.day)
        self._open_staff_route()
        self._group = self._task_group()
        watched = aws_budgets(args.registry, args.day, body.code)
        budgets.watch(watched, self._scope, args.shared.alarm_topic_arn, self._child)
        self.outputs = self._outputs({name: self._subscription(name) for name in built})
        self.register_outputs({})

    def _own_cell(self, prefix: str) -> CellOutputs:
        args = self._args
        assert args.body.cidr is not None, "the registry gives each own cell a network"
        cell = Cell(
            "own",
            CellArgs(
                prefix=prefix,
                logs=self.home.log_group_name,
                cidr=args.body.cidr,
                scope=self._scope,
                shared=args.shared,
                key_arn=self.home.key.arn,
                bodies=args.body.code,
            ),
            self._child,
        )
        return cell.outputs

    def _open_staff_route(self) -> None:
        """LGWAN ranges that are not private addresses, which the load balancer takes anyway."""
        sources = {one for rule in self._rules for one in rule.sources}
        for network in sorted(sources):
            if not _is_private(network):
                aws.vpc.SecurityGroupIngressRule(
                    f"lgwan-{str(network).replace('/', '-')}",
                    security_group_id=self.cell.staff_group_id,
                    cidr_ipv4=str(network),
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    tags=self._scope.tags(),
                    opts=self._child,
                )

    def _task_group(self) -> pulumi.Output[str]:
        """The body's tasks: reached from its cell's load balancers on the ports of its services,
        going out over HTTPS only."""
        code, federation = self._args.body.code, self._args.registry.federation
        full = names.body_groups(federation, code)["tasks"]
        group = aws.ec2.SecurityGroup(
            "tasks",
            name=full,
            description="Tasks of the body's services",
            vpc_id=self.cell.vpc_id,
            tags=self._scope.tags(full),
            opts=self._child,
        )
        for way, port in self._ways_in():
            aws.vpc.SecurityGroupIngressRule(
                f"tasks-{way}-{port}",
                security_group_id=group.id,
                referenced_security_group_id=self.cell.of(way).group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
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

    def _ways_in(self) -> list[tuple[Way, int]]:
        services = self._args.registry.services
        return sorted(
            {
                (rule.way, services[rule.service].manifest.routes.port)
                for rule in self._rules
                if rule.service in self._args.releases
            }
        )

    def _subscription(self, service: str) -> ServiceOutputs:
        args = self._args
        subscription = args.body.subscription(service)
        assert subscription is not None, "a service is built for a subscription"
        manifest = args.registry.services[service].manifest
        wanted = SubscriptionArgs(
            body=args.body,
            subscription=subscription,
            manifest=manifest,
            release=_release(manifest, args.releases[service]),
            active=subscription.is_active(args.day),
            rules=[rule for rule in self._rules if rule.service == service],
            scope=self._scope.of_service(service),
            shared=args.shared,
            cell=self.cell,
            home=self.home,
            task_group_id=self._group,
        )
        data = SubscriptionData(service, wanted, self._child)
        extension = extend(wanted, self._child)
        running = None
        if wanted.active:
            running = SubscriptionService(service, wanted, data, extension, self._child)
        return self._service_outputs(wanted, data, running)

    def _service_outputs(
        self,
        wanted: SubscriptionArgs,
        data: SubscriptionData,
        running: SubscriptionService | None,
    ) -> ServiceOutputs:
        cell = self.cell
        job: TargetInputs = JobTarget(
            cluster_arn=cell.ecs_cluster_arn,
            task_definition_arn=data.job.arn,
            subnets=cell.private_subnet_ids,
            security_groups=[cell.job_group_id, cell.database_clients_group_id],
            log_group=self.home.log_group_name,
            stream_prefix=f"{wanted.service}-{tasks.JOB_STREAM}",
            health_role_arn=None if running is None else running.role.arn,
        )
        return {
            "release": wanted.release.version,
            "edition": wanted.edition.name,
            "active": wanted.active,
            "urls": sorted({f"https://{rule.host}/" for rule in wanted.rules}),
            "database_host": cell.database_host,
            "database_port": cell.database_port,
            "database": data.names.database,
            "owner_role": data.names.owner,
            "app_role": data.names.app,
            "owner_secret_arn": data.owner_secret.arn,
            "app_secret_arn": data.app_secret.arn,
            "documents_bucket": self.home.documents.bucket.bucket,
            "object_prefix": wanted.object_prefix,
            "job": job.values(),
            "master_secret_arn": cell.master_secret_arn,
            "admin_job": data.admin_job().values(),
        }

    def _outputs(self, services: dict[str, ServiceOutputs]) -> TenantOutputs:
        home = self.home
        return {
            "code": self._args.body.code,
            "key_arn": home.key.arn,
            "replica_key_arn": home.key.replica.arn,
            "documents_bucket": home.documents.bucket.bucket,
            "backups_bucket": home.backups.bucket.bucket,
            "auditor_role_arn": home.auditor.arn,
            "log_group": home.log_group_name,
            "facts": facts_of(self._args.registry.federation, self._args.body),
            "services": services,
        }


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(private) for private in PRIVATE)


def _check(args: EnvironmentArgs) -> None:
    if args.body.isolation is Isolation.ACCOUNT:
        raise Refused(
            Text(
                f"{args.body.name}の account 分離は、本番の拠点とともに使えるようになります。",
                f"{args.body.name}: account isolation comes with the production sites.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "isolation を application か network にしてください。",
                "Set its isolation to application or network.",
            ),
        )


def _release(manifest: Manifest, version: str) -> Release:
    release = manifest.releases.get(version)
    if release is None:
        known = ", ".join(manifest.releases)
        raise UsageError(
            Text(
                f"サービス {manifest.name} の manifest.yaml に、記録上のリリース {version} がありません。"
                f"あるもの: {known}",
                f"the service {manifest.name}'s manifest has no release {version}, which is on "
                f"record; it has: {known}",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "使われているリリースを manifest.yaml に戻してください。",
                "Put releases that are in use back into manifest.yaml.",
            ),
        )
    return release
