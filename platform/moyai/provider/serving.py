"""Pulumi's resource provider protocol over gRPC, for plugins that are tables of resource types.

Written on the protocol itself: the SDK's own server for Python plugins has no `Attach`, which lets
many engines share one process. All state lives in the engines; the servicer has none.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from moyai.errors import MoyaiError
from moyai.provider.properties import (
    UNKNOWN,
    Properties,
    Property,
    from_struct,
    has_unknown,
    to_struct,
)
from moyai.provider.resources import Live, Resource, WrongProperty, nearest
from moyai.texts import Text

MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one message."""
THREADS = 32

Invocation = Callable[[Properties], Properties]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin: its package, and a table from token to resource type."""

    package: str
    version: str
    types: Mapping[str, Resource]
    invokes: Mapping[str, Invocation]
    config: frozenset[str] = frozenset()
    """Provider configuration that is accepted; it decides nothing for a single resource."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin, for any number of engines at once."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin

    def Handshake(self, request: Any, context: Any) -> Any:
        """Say what this plugin can do."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=False,
        )

    def Attach(self, request: Any, context: Any) -> Any:
        """Serve one more engine."""
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The plugin's version."""
        return plugin_pb2.PluginInfo(version=self._plugin.version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        """No schema: the SDKs have theirs."""
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Name what the provider's configuration does not know."""
        failures = [
            provider_pb2.CheckFailure(
                property=name,
                reason=f"no such setting of {self._plugin.package}; "
                + nearest(name, self._plugin.config).en,
            )
            for name in request.news.fields
            if name not in self._plugin.config and name != "version"
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """A changed configuration never replaces a resource."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Configure(self, request: Any, context: Any) -> Any:
        """Take the configuration; every stack that attaches has the same."""
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Check(self, request: Any, context: Any) -> Any:
        """Fill defaults in; name unknown and missing properties."""
        try:
            kind = self._type(_token(request.urn))
        except WrongProperty as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error.what))
        news = {**kind.defaults, **from_struct(request.news)}
        failures = [
            provider_pb2.CheckFailure(
                property=name,
                reason=f"{_token(request.urn)} has no property '{name}' here; "
                + nearest(name, kind.inputs).en,
            )
            for name in news
            if name not in kind.inputs and not name.startswith("__")
        ]
        failures += [
            provider_pb2.CheckFailure(property=name, reason="this property is missing")
            for name in sorted(kind.required - news.keys())
        ]
        inputs = {name: value for name, value in news.items() if not name.startswith("__")}
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        """Compare inputs, property by property."""
        kind = self._type(_token(request.urn))
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        if not request.old_inputs.fields:
            state = from_struct(request.olds)
            old = {name: value for name, value in state.items() if name in kind.inputs}
        ignored = set(request.ignoreChanges)
        detailed = {}
        replaces = []
        for name in sorted(old.keys() | new.keys()):
            if name in ignored or name.startswith("__"):
                continue
            if kind.normal(name, old.get(name)) == kind.normal(name, new.get(name)):
                continue
            forced = name in kind.replace_on
            detailed[name] = provider_pb2.PropertyDiff(
                kind=_diff_kind(name in old, name in new, forced), inputDiff=True
            )
            if forced:
                replaces.append(name)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME
            if detailed
            else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            diffs=list(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=kind.delete_first and bool(replaces),
        )

    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource, or say in a preview what would be known of it."""
        kind = self._type(_token(request.urn))
        inputs = from_struct(request.properties)
        if request.preview:
            unknown: Properties = dict.fromkeys(kind.computed, UNKNOWN)
            return provider_pb2.CreateResponse(id="", properties=to_struct({**inputs, **unknown}))
        live = self._do(context, lambda: kind.create(inputs))
        return provider_pb2.CreateResponse(id=live.id, properties=to_struct(live.outputs))

    def Read(self, request: Any, context: Any) -> Any:
        """What is live; an empty id says that it is gone."""
        kind = self._type(_token(request.urn))
        inputs = from_struct(request.inputs)
        known = inputs or {
            name: value
            for name, value in from_struct(request.properties).items()
            if name in kind.inputs
        }
        live = self._do(context, lambda: kind.read(request.id, known))
        if live is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=live.id, inputs=to_struct(live.inputs), properties=to_struct(live.outputs)
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        kind = self._type(_token(request.urn))
        new = from_struct(request.news)
        if request.preview:
            known = {**from_struct(request.olds), **new}
            return provider_pb2.UpdateResponse(properties=to_struct(known))
        old = {**from_struct(request.olds), **from_struct(request.old_inputs)}
        outputs = self._do(context, lambda: kind.update(request.id, old, new))
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        """Remove a resource."""
        kind = self._type(_token(request.urn))
        self._do(context, lambda: kind.delete(request.id, from_struct(request.properties)))
        return Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Call a function of the table."""
        function = self._plugin.invokes.get(request.tok)
        if function is None:
            hint = nearest(request.tok, self._plugin.invokes).en
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no function {request.tok}; {hint}")
            raise AssertionError  # abort raises
        found = self._do(context, lambda: function(from_struct(request.args)))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(found))
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        """Calls to the cloud are short: they are let finish."""
        return Empty()

    def _type(self, token: str) -> Resource:
        kind = self._plugin.types.get(token)
        if kind is None:
            hint = nearest(token, self._plugin.types)
            raise WrongProperty(
                Text(
                    f"資源型 {token} はありません。{hint.ja}",
                    f"no resource type {token} here; {hint.en}",
                )
            )
        return kind

    def _do(self, context: Any, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except MoyaiError as error:
            context.abort(grpc.StatusCode.UNKNOWN, "\n".join(error.lines("en")))


def _token(urn: str) -> str:
    """The type at the end of a URN's type chain: `urn:pulumi:stack::project::A$aws:s3:Bucket::n`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _diff_kind(before: bool, after: bool, forced: bool) -> Any:
    kind = "UPDATE" if before and after else "ADD" if after else "DELETE"
    return provider_pb2.PropertyDiff.Kind.Value(f"{kind}_REPLACE" if forced else kind)


def unknown_in(inputs: Mapping[str, Property]) -> tuple[str, ...]:
    """Names of inputs that are not known yet."""
    return tuple(name for name, value in inputs.items() if has_unknown(value))


def start(plugin: Plugin) -> tuple[grpc.Server, int]:
    """Serve on a free port of the loopback; the server and its port."""
    options = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(plugin), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(plugin: Plugin) -> None:
    """Run as a plugin's process: print the port on one line, serve until told to stop.

    Ends on SIGTERM or SIGINT, and where standard input is a pipe, when its writer goes away: no
    plugin outlives whoever started it.
    """
    server, port = start(plugin)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=_until_closed, args=(ended,), daemon=True).start()
    ended.wait()
    server.stop(grace=1).wait()


def _until_closed(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


__all__ = ["Live", "Plugin", "Servicer", "serve", "start"]
