"""Looking for a resource whose id AWS makes up, by its name, its parent or its tags.

A candidate must have every tag that was to be given, and equal what else is compared; what is on
record in some checkpoint is none. Two candidates that are alike in all that may be taken for each
other: either is the one that nothing knows of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moyai.engine.aws.sessions import aws_session
from moyai.engine.settling.located import Located
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

Inputs = Mapping[str, Any]


@dataclass(slots=True)
class Search:
    """Clients of one account, made when they are needed."""

    environment: Mapping[str, str]
    region: str
    account: str
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, inputs: Inputs) -> Any:
        """A client for the region that the inputs name, or the site's own."""
        region = str(inputs.get("region") or self.region)
        if (service, region) not in self._clients:
            session: Any = aws_session(self.environment, region)
            endpoint = self.environment.get("AWS_ENDPOINT_URL")
            self._clients[service, region] = session.client(service, endpoint_url=endpoint)
        return self._clients[service, region]


def search(within: Search, kind: str, inputs: Inputs, taken: set[str]) -> Located | None:
    """What of a type may have been left behind; None for a type that is not in the tables. `taken`: by
    `identity`, what is none.

    Raises `OperationFailed` where the site's AWS does not answer.
    """
    from botocore import exceptions

    candidates: Iterator[Located]
    if kind in _EC2:
        candidates = _ec2(within, _EC2[kind], inputs)
    elif kind in _OTHERS:
        candidates = _OTHERS[kind](within, inputs)
    else:
        return None
    try:
        found = (one for one in candidates if one.identity(kind) not in taken)
        return next(found, Located(None))
    except exceptions.ClientError:
        return Located(None)  # each of these calls answers so where there is no such thing
    except KeyError:
        return Located(None, looked=False)  # the program let the provider choose a name
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise OperationFailed(
            Text(
                "前回中断した作成を確かめられません。拠点の AWS に接続できません。",
                "what an interrupted create left cannot be looked for: the site's AWS does not "
                "answer.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "動いているか確かめてから、もう一度実行してください。",
                "See whether it runs, then run again.",
            ),
        ) from error


@dataclass(frozen=True, slots=True)
class _Kind:
    """How EC2 lists one kind of resource."""

    operation: str
    listed: str
    id: str
    same: Mapping[str, str] = field(default_factory=dict)
    """Input → field of the listed item that must equal it."""
    fixed: Mapping[str, object] = field(default_factory=dict)


_RULE = {
    "securityGroupId": "GroupId",
    "ipProtocol": "IpProtocol",
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "cidrIpv4": "CidrIpv4",
}

_EC2: Mapping[str, _Kind] = {
    "aws:ec2/eip:Eip": _Kind("describe_addresses", "Addresses", "AllocationId"),
    "aws:ec2/flowLog:FlowLog": _Kind(
        "describe_flow_logs", "FlowLogs", "FlowLogId", {"vpcId": "ResourceId"}
    ),
    "aws:ec2/internetGateway:InternetGateway": _Kind(
        "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
    ),
    "aws:ec2/natGateway:NatGateway": _Kind(
        "describe_nat_gateways", "NatGateways", "NatGatewayId", {"subnetId": "SubnetId"}
    ),
    "aws:ec2/routeTable:RouteTable": _Kind(
        "describe_route_tables", "RouteTables", "RouteTableId", {"vpcId": "VpcId"}
    ),
    "aws:ec2/securityGroup:SecurityGroup": _Kind(
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        {"name": "GroupName", "vpcId": "VpcId"},
    ),
    "aws:ec2/subnet:Subnet": _Kind(
        "describe_subnets", "Subnets", "SubnetId", {"vpcId": "VpcId", "cidrBlock": "CidrBlock"}
    ),
    "aws:ec2/vpc:Vpc": _Kind("describe_vpcs", "Vpcs", "VpcId", {"cidrBlock": "CidrBlock"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _Kind(
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        {"vpcId": "VpcId", "serviceName": "ServiceName"},
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _Kind(
        "describe_security_group_rules",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        _RULE,
        {"IsEgress": True},
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _Kind(
        "describe_security_group_rules",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        _RULE,
        {"IsEgress": False},
    ),
}


def _ec2(within: Search, kind: _Kind, inputs: Inputs) -> Iterator[Located]:
    tags: Mapping[str, str] = inputs.get("tags") or {}
    client = within.client("ec2", inputs)
    whole = [] if client.can_paginate(kind.operation) else [getattr(client, kind.operation)()]
    for page in whole or client.get_paginator(kind.operation).paginate():
        for item in page[kind.listed]:
            given = {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}
            if not tags.items() <= given.items() or item.get("State") in ("deleting", "deleted"):
                continue
            wanted = {
                key: inputs[name] for name, key in kind.same.items() if inputs.get(name) is not None
            }
            if all(item.get(k) == v for k, v in {**wanted, **kind.fixed}.items()):
                yield Located(item[kind.id])


def _association(within: Search, inputs: Inputs) -> Iterator[Located]:
    tables = within.client("ec2", inputs).describe_route_tables(
        RouteTableIds=[inputs["routeTableId"]]
    )
    for association in tables["RouteTables"][0]["Associations"]:
        if association.get("SubnetId") == inputs.get("subnetId"):
            yield Located(association["RouteTableAssociationId"])


def _key(within: Search, inputs: Inputs) -> Iterator[Located]:
    tags = inputs.get("tags") or {}
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    tagging = within.client("resourcegroupstaggingapi", inputs)
    kms = within.client("kms", inputs)
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=filters, ResourceTypeFilters=["kms:key"]
    )
    for page in pages:
        for entry in page["ResourceTagMappingList"]:
            found = kms.describe_key(KeyId=entry["ResourceARN"])["KeyMetadata"]
            is_like = found.get("Description") == inputs.get("description", "")
            if is_like and found["KeyState"] not in ("PendingDeletion", "Unavailable"):
                yield Located(found["KeyId"])


def _certificate(within: Search, inputs: Inputs) -> Iterator[Located]:
    acm = within.client("acm", inputs)
    wanted = (inputs.get("tags") or {}).items()
    for page in acm.get_paginator("list_certificates").paginate():
        for entry in page["CertificateSummaryList"]:
            if entry["DomainName"] != inputs["domainName"]:
                continue
            listed = acm.list_tags_for_certificate(CertificateArn=entry["CertificateArn"])["Tags"]
            if wanted <= {tag["Key"]: tag.get("Value", "") for tag in listed}.items():
                yield Located(entry["CertificateArn"])


def _balancer(within: Search, inputs: Inputs) -> Iterator[Located]:
    found = within.client("elbv2", inputs).describe_load_balancers(Names=[inputs["name"]])
    yield from (Located(one["LoadBalancerArn"]) for one in found["LoadBalancers"])


def _target_group(within: Search, inputs: Inputs) -> Iterator[Located]:
    found = within.client("elbv2", inputs).describe_target_groups(Names=[inputs["name"]])
    yield from (Located(one["TargetGroupArn"]) for one in found["TargetGroups"])


def _listener(within: Search, inputs: Inputs) -> Iterator[Located]:
    found = within.client("elbv2", inputs).describe_listeners(
        LoadBalancerArn=inputs["loadBalancerArn"]
    )
    for one in found["Listeners"]:
        if one["Port"] == inputs["port"]:
            yield Located(one["ListenerArn"])


def _listener_rule(within: Search, inputs: Inputs) -> Iterator[Located]:
    pages = (
        within.client("elbv2", inputs)
        .get_paginator("describe_rules")
        .paginate(ListenerArn=inputs["listenerArn"])
    )
    for page in pages:
        for one in page["Rules"]:
            if one["Priority"] == str(inputs["priority"]):
                yield Located(one["RuleArn"])


def _role_policy(within: Search, inputs: Inputs) -> Iterator[Located]:
    """Named by the provider, where the program gives no name."""
    iam = within.client("iam", inputs)
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=inputs["role"]):
        yield from (Located(f"{inputs['role']}:{name}") for name in page["PolicyNames"])


def _secret(within: Search, inputs: Inputs) -> Iterator[Located]:
    found = within.client("secretsmanager", inputs).describe_secret(SecretId=inputs["name"])
    if found.get("DeletedDate") is None:
        yield Located(found["ARN"])


def _task_definition(within: Search, inputs: Inputs) -> Iterator[Located]:
    """The id is the family, so the revision goes along as an output. The newest first."""
    ecs = within.client("ecs", inputs)
    pages = ecs.get_paginator("list_task_definitions").paginate(
        familyPrefix=inputs["family"], status="ACTIVE", sort="DESC"
    )
    for page in pages:
        for arn in page["taskDefinitionArns"]:
            family, _, revision = arn.rpartition("/")[2].rpartition(":")
            if family == inputs["family"]:
                yield Located(family, outputs={"arn": arn, "revision": int(revision)})


def _web_acl(within: Search, inputs: Inputs) -> Iterator[Located]:
    found = within.client("wafv2", inputs).list_web_acls(Scope=inputs["scope"])
    for one in found["WebACLs"]:
        if one["Name"] == inputs["name"]:
            yield Located(one["Id"])


def _zone(within: Search, inputs: Inputs) -> Iterator[Located]:
    route53 = within.client("route53", inputs)
    wanted = (inputs.get("tags") or {}).items()
    found = route53.list_hosted_zones_by_name(DNSName=inputs["name"])["HostedZones"]
    for zone in found:
        id_ = zone["Id"].rpartition("/")[2]
        listed = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)
        tags = {tag["Key"]: tag["Value"] for tag in listed["ResourceTagSet"].get("Tags", ())}
        if zone["Name"].rstrip(".") == inputs["name"] and wanted <= tags.items():
            yield Located(id_)


def _nothing(within: Search, inputs: Inputs) -> Iterator[Located]:
    """Of a resource that only waits: nothing is live, and it can be made again."""
    del within, inputs
    yield from ()


_OTHERS: Mapping[str, Callable[[Search, Inputs], Iterator[Located]]] = {
    "aws:acm/certificate:Certificate": _certificate,
    "aws:acm/certificateValidation:CertificateValidation": _nothing,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _association,
    "aws:ecs/taskDefinition:TaskDefinition": _task_definition,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:kms/key:Key": _key,
    "aws:lb/listener:Listener": _listener,
    "aws:lb/listenerRule:ListenerRule": _listener_rule,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
    "aws:route53/zone:Zone": _zone,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}
