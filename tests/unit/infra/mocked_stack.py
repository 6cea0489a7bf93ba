"""Runs the real programs against Pulumi's mock monitor: every resource with what was asked of it."""

from __future__ import annotations

import asyncio
import contextvars
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_in_stack
from tests.sample import PROGRAMS

ACCOUNT = "123456789012"
REGION = "ap-northeast-1"
DAY = "2026-11-23"


Build = Callable[..., "Run"]


@dataclass(frozen=True)
class Made:
    """One registered resource."""

    type: str
    name: str
    urn: str
    parent: str
    protect: bool
    kept: bool
    """Retained on delete."""
    provider: str
    needs: tuple[str, ...]
    """URNs that it depends on."""
    inputs: Mapping[str, Any]
    state: Mapping[str, Any]


@dataclass
class Run:
    """What a program made."""

    resources: list[Made] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, type_: str) -> list[Made]:
        return [one for one in self.resources if one.type == type_]

    def one(self, type_: str, name: str) -> Made:
        found = [one for one in self.of(type_) if one.name == name]
        assert len(found) == 1, (type_, name, [one.name for one in self.of(type_)])
        return found[0]

    @property
    def custom(self) -> list[Made]:
        """Resources of a provider: no components, no providers, no references."""
        return [one for one in self.resources if one.type.startswith(("aws:", "moyai:index:"))]


class _Cloud(mocks.Mocks):
    """Answers as AWS does, as far as programs look."""

    def __init__(self, references: Mapping[str, Mapping[str, Any]]) -> None:
        self._references = references

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"programs ask nothing: {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            name = args.inputs["name"]
            return name, {**args.inputs, "outputs": dict(self._references[name.split("/")[-1]])}
        state = {**args.inputs, **_computed(args.typ, args.name, args.inputs)}
        return state.get("id") or f"{args.name}-id", state


def _computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    region = inputs.get("region", REGION)

    def arn(service: str, rest: str) -> str:
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"

    called = inputs.get("name", name)
    kind = type_.split(":")[-1]
    known: dict[str, dict[str, Any]] = {
        "Bucket": {"arn": f"arn:aws:s3:::{inputs.get('bucket')}"},
        "Key": {"arn": arn("kms", f"key/{name}"), "keyId": name},
        "ReplicaKey": {
            "arn": arn("kms", f"key/{name.removesuffix('-replica')}"),
            "keyId": name.removesuffix("-replica"),
        },
        "Role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{called}"},
        "Policy": {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{called}"},
        "Secret": {"arn": arn("secretsmanager", f"secret:{called}-AbCdEf")},
        "Topic": {"arn": arn("sns", called)},
        "LogGroup": {"arn": arn("logs", f"log-group:{called}")},
        "LoadBalancer": {
            "dnsName": f"{name}.elb.amazonaws.com",
            "zoneId": "Z14GRHDCWA56QT",
            "arnSuffix": f"app/{name}/1",
        },
        "TargetGroup": {"arnSuffix": f"targetgroup/{name}/1"},
        "Zone": {"zoneId": "Z1", "nameServers": ["ns-1.awsdns-1.jp", "ns-2.awsdns-2.jp"]},
        "Certificate": {
            "domainValidationOptions": [
                {
                    "domainName": domain,
                    "resourceRecordName": f"_proof.{domain.removeprefix('*.')}",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_acm.aws",
                }
                for domain in reversed(
                    [inputs.get("domainName", ""), *inputs.get("subjectAlternativeNames", [])]
                )
            ]
        },
        "CertificateValidation": {},
        "Record": {"fqdn": inputs.get("name")},
    }
    if type_ == "aws:rds/cluster:Cluster":
        secret = arn("secretsmanager", f"secret:rds!cluster-{name}-AbCdEf")
        return {
            "id": inputs["clusterIdentifier"],
            "arn": arn("rds", f"cluster:{name}"),
            "endpoint": f"{name}.rds.amazonaws.com",
            "port": 5432,
            "masterUserSecrets": [{"secretArn": secret, "secretStatus": "active"}],
        }
    return {"arn": arn("test", f"{kind}/{name}"), "id": f"{name}-id", **known.get(kind, {})}


def _plain(value: Any) -> Any:
    """Inputs with secret ones in clear, which only the type of a property makes so here."""
    if isinstance(value, dict):
        if rpc._special_sig_key in value:
            return _plain(value["value"])
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


class _Monitor(mocks.MockMonitor):
    def __init__(self, cloud: _Cloud, run: Run) -> None:
        super().__init__(cloud)
        self._run = run

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self._run.resources.append(
                Made(
                    request.type,
                    request.name,
                    answer.urn,
                    request.parent,
                    request.protect,
                    request.retainOnDelete,
                    request.provider,
                    tuple(request.dependencies),
                    _plain(rpc.deserialize_properties(request.object)),
                    self.resources[answer.urn].state,
                )
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if "pulumi:pulumi:Stack" in request.urn:
            self._run.outputs.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


def run_program(
    project: str,
    stack: str,
    config: Mapping[str, str],
    references: Mapping[str, Mapping[str, Any]] | None = None,
) -> Run:
    """Run `stacks/<project>/__main__.py` for one stack."""
    run = Run()
    cloud = _Cloud(references or {})
    program = PROGRAMS[project] / "__main__.py"

    async def whole() -> None:
        monitor = _Monitor(cloud, run)
        mocks.set_mocks(cloud, f"moyai-{project}", stack, preview=False, monitor=monitor)
        settings.ROOT.set(None)  # the one that `set_mocks` made has no exports
        pulumi.runtime.set_all_config({f"moyai:{key}": value for key, value in config.items()})
        await run_in_stack(lambda: _run(program))

    contextvars.Context().run(asyncio.run, whole())
    return run


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def config_of(file: Path, day: str = DAY, releases: str | None = None) -> dict[str, str]:
    found = {"registry": str(file), "site": "sandbox", "asOf": day}
    return found if releases is None else {**found, "releases": releases}
