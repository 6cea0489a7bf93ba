"""The provider protocol as an engine speaks it: one resource at a time, over gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from moyai.provider.properties import Properties, from_struct, has_unknown, to_struct

Diff = Any


class Failed(AssertionError):
    """An RPC ended with an error; its words are the engine's diagnostics."""


@dataclass
class Resource:
    """A resource on record."""

    token: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties

    @property
    def urn(self) -> str:
        return urn(self.token, self.name)


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:test::test::{token}::{name}"


@dataclass
class Engine:
    """Speaks to a plugin on a port."""

    port: int
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def rpc(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request)
        except grpc.RpcError as error:
            raise Failed(error.details()) from None

    def check(
        self, token: str, name: str, inputs: Mapping[str, Any], old: Properties | None = None
    ) -> tuple[Properties, dict[str, str]]:
        """Checked inputs, and what is wrong with which property."""
        request = provider_pb2.CheckRequest(
            urn=urn(token, name),
            news=to_struct(inputs),
            olds=to_struct(old or {}),
            randomSeed=f"{token}{name}".encode(),
        )
        answer = self.rpc("Check", request)
        return from_struct(answer.inputs), {one.property: one.reason for one in answer.failures}

    def checked(
        self, token: str, name: str, inputs: Mapping[str, Any], old: Properties | None = None
    ) -> Properties:
        found, failures = self.check(token, name, inputs, old)
        assert not failures, failures
        return found

    def preview(self, token: str, name: str, inputs: Mapping[str, Any]) -> Properties:
        checked = self.checked(token, name, inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(token, name), properties=to_struct(checked), preview=True
        )
        return from_struct(self.rpc("Create", request).properties)

    def create(self, token: str, name: str, inputs: Mapping[str, Any]) -> Resource:
        checked = self.checked(token, name, inputs)
        assert not has_unknown(checked)
        request = provider_pb2.CreateRequest(urn=urn(token, name), properties=to_struct(checked))
        answer = self.rpc("Create", request)
        return Resource(token, name, answer.id, checked, from_struct(answer.properties))

    def diff(self, resource: Resource, inputs: Mapping[str, Any]) -> Diff:
        checked = self.checked(resource.token, resource.name, inputs, resource.inputs)
        request = provider_pb2.DiffRequest(
            id=resource.id,
            urn=resource.urn,
            olds=to_struct(resource.outputs),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(checked),
        )
        return self.rpc("Diff", request)

    def update(
        self, resource: Resource, inputs: Mapping[str, Any], preview: bool = False
    ) -> Resource:
        checked = self.checked(resource.token, resource.name, inputs, resource.inputs)
        request = provider_pb2.UpdateRequest(
            id=resource.id,
            urn=resource.urn,
            olds=to_struct(resource.outputs),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(checked),
            preview=preview,
        )
        outputs = from_struct(self.rpc("Update", request).properties)
        return Resource(resource.token, resource.name, resource.id, checked, outputs)

    def refresh(self, resource: Resource) -> Resource | None:
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=resource.urn,
            inputs=to_struct(resource.inputs),
            properties=to_struct(resource.outputs),
        )
        return self._read(resource.token, resource.name, request)

    def import_(self, token: str, name: str, id_: str) -> Resource | None:
        return self._read(token, name, provider_pb2.ReadRequest(id=id_, urn=urn(token, name)))

    def _read(self, token: str, name: str, request: Any) -> Resource | None:
        answer = self.rpc("Read", request)
        if not answer.id:
            return None
        inputs, outputs = from_struct(answer.inputs), from_struct(answer.properties)
        return Resource(token, name, answer.id, inputs, outputs)

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource.id, urn=resource.urn, properties=to_struct(resource.outputs)
        )
        self.rpc("Delete", request)


def changed(diff: Diff) -> set[str]:
    """The properties that a diff names."""
    return set(diff.diffs)
