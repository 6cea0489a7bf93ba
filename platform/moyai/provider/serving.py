"""Pulumi's resource provider protocol over gRPC, for plugins that are tables of resource types.

Written on the protocol itself: the SDK's own server for Python plugins has no `Attach`, which lets
many engines share one process. All state lives in the engines; the servicer has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from moyai.errors import MoyaiError
from moyai.provider.differences import differences
from moyai.provider.naming import DEFAULTS
from moyai.provider.plugins import Plugin, serve_with
from moyai.provider.properties import (
    Properties,
    Secrets,
    cover,
    from_struct,
    read_struct,
    secret_words,
    to_struct,
    without_secrets,
)
from moyai.provider.replies import describe_bug, half_made, language
from moyai.provider.resources import (
    HalfMade,
    Live,
    Resource,
    ResourceFailed,
    nearest,
)
from moyai.texts import Text

_FAILURE = provider_pb2.CheckFailure


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin, for any number of engines at once."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._lang = language()

    def Handshake(self, request: Any, context: Any) -> Any:
        """Say what this plugin can do."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: Any) -> Any:
        """Serve one more engine."""
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The plugin's version."""
        return plugin_pb2.PluginInfo(version=self._plugin.version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        """The types' names only: programs use the SDK made for the real provider."""
        schema = {
            "name": self._plugin.package,
            "version": self._plugin.version,
            "resources": {token: {} for token in sorted(self._plugin.types)},
        }
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Name what the provider's configuration does not know."""
        failures = [
            _FAILURE(property=name, reason=self._plugin.why_not(name).of(self._lang))
            for name in request.news.fields
            if name not in self._plugin.config and name not in ("version", "pluginDownloadURL")
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """A changed configuration never replaces a resource by itself."""
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return provider_pb2.DiffResponse(changes=_changes(bool(changed)), diffs=changed)

    def Configure(self, request: Any, context: Any) -> Any:
        """Take the configuration; every stack that attaches has the same."""
        values = _settings(from_struct(request.args))
        configure = self._plugin.configure
        if configure is not None:
            self._do(context, lambda: configure(values), request.args)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: Any, context: Any) -> Any:
        """Give a name and defaults; name unknown, missing and wrong properties."""
        token = _token(request.urn)
        kind = self._type(token, context)
        news, secrets = read_struct(request.news)
        given = {name: value for name, value in news.items() if not name.startswith("__")}
        named = kind.autoname is not None and _name(kind, given, request)
        inputs, problems = kind.prepare(given)
        if named and kind.autoname is not None:
            inputs[DEFAULTS] = [kind.autoname.property]
        failures = [
            _FAILURE(property=one.path, reason=f"{token}: {one.reason.of(self._lang)}")
            for one in problems
        ]
        places = _always(kind, inputs, secrets)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs, places), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        """Compare inputs, place by place."""
        kind = self._type(_token(request.urn), context)
        new = from_struct(request.news)
        old = _old_inputs(kind, request, new)
        ignored = set(request.ignoreChanges)
        found = [one for one in differences(kind, old, new) if one.property not in ignored]
        replaces = list(dict.fromkeys(one.property for one in found if one.replaces))
        is_taken = kind.autoname is not None and kind.autoname.is_taken(old, new)
        return provider_pb2.DiffResponse(
            changes=_changes(bool(found)),
            replaces=replaces,
            diffs=list(dict.fromkeys(one.property for one in found)),
            detailedDiff={
                one.path: provider_pb2.PropertyDiff(
                    kind=_KINDS[f"{one.kind}_REPLACE" if one.replaces else one.kind], inputDiff=True
                )
                for one in found
            },
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and (kind.delete_first or is_taken),
        )

    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource, or say in a preview what would be known of it."""
        kind = self._type(_token(request.urn), context)
        inputs, secrets = _inputs(request.properties)
        if request.preview:
            outputs, id_ = kind.preview(inputs, None), ""
        else:
            live: Live = self._do(context, lambda: kind.create(inputs), request.properties)
            outputs, id_ = live.outputs, live.id
        properties = _answer(kind, outputs, inputs, secrets)
        return provider_pb2.CreateResponse(id=id_, properties=properties)

    def Read(self, request: Any, context: Any) -> Any:
        """What is live; an empty id says that it is gone."""
        kind = self._type(_token(request.urn), context)
        raw, secrets = read_struct(request.inputs)
        state, state_secrets = read_struct(request.properties)
        known = {name: value for name, value in raw.items() if not name.startswith("__")} or {
            name: value for name, value in state.items() if name in kind.inputs
        }
        words = (request.inputs, request.properties)
        look = (
            (lambda: kind.refresh(request.id, known, state))
            if state
            else (lambda: kind.read(request.id, known))
        )
        live: Live | None = self._do(context, look, *words)
        if live is None:
            return provider_pb2.ReadResponse(id="")
        inputs = {**live.inputs, **{name: raw[name] for name in raw if name == DEFAULTS}}
        places = {**state_secrets, **secrets}
        return provider_pb2.ReadResponse(
            id=live.id,
            inputs=_answer(kind, inputs, {**state, **raw}, places),
            properties=_answer(kind, live.outputs, {**state, **raw}, places),
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        kind = self._type(_token(request.urn), context)
        new, secrets = _inputs(request.news)
        state = from_struct(request.olds)
        old = _old_inputs(kind, request, new)
        if request.preview:
            outputs = kind.preview(new, state)
        else:
            outputs = self._do(
                context,
                lambda: _update(kind, request.id, state, old, new),
                request.news,
                request.olds,
                request.old_inputs,
            )
        return provider_pb2.UpdateResponse(properties=_answer(kind, outputs, new, secrets))

    def Delete(self, request: Any, context: Any) -> Any:
        """Remove a resource."""
        kind = self._type(_token(request.urn), context)
        state = from_struct(request.properties)
        self._do(context, lambda: kind.delete(request.id, state), request.properties)
        return Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Call a function of the table."""
        function = self._plugin.invokes.get(request.tok)
        if function is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, self._no("関数", "function", request.tok))
            raise AssertionError  # abort raises
        arguments, secrets = read_struct(request.args)
        found = self._do(context, lambda: function(arguments), request.args)
        response = provider_pb2.InvokeResponse()
        places = cover(found, {}, secret_words(arguments, secrets))
        getattr(response, "return").CopyFrom(to_struct(found, places))
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        """Calls to the cloud are short, and other engines have theirs here: they are let finish."""
        return Empty()

    def _type(self, token: str, context: Any) -> Resource:
        kind = self._plugin.types.get(token)
        if kind is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, self._no("資源型", "type", token))
            raise AssertionError  # abort raises
        return kind

    def _no(self, ja: str, en: str, token: str) -> str:
        known = self._plugin.invokes if en == "function" else self._plugin.types
        hint = nearest(token, known)
        text = Text(f"{ja} {token} はありません。{hint.ja}", f"no {en} {token} here; {hint.en}")
        return text.of(self._lang)

    def _do(self, context: Any, call: Callable[[], Any], *given: Struct) -> Any:
        """Call a handler. Its failure ends the RPC, told without any secret that was `given`."""
        try:
            return call()
        except HalfMade as error:
            words = _all_words(given)
            reasons = [without_secrets(line, words) for line in error.lines(self._lang)]
            half_made(context, error.live, reasons, _all_places(given))
        except MoyaiError as error:
            told = without_secrets("\n".join(error.lines(self._lang)), _all_words(given))
            context.abort(grpc.StatusCode.UNKNOWN, told)
        except Exception as error:
            told = describe_bug(error).of(self._lang)
            context.abort(grpc.StatusCode.INTERNAL, without_secrets(told, _all_words(given)))


_KINDS = dict(provider_pb2.PropertyDiff.Kind.items())


def _token(urn: str) -> str:
    """The type at the end of a URN's type chain: `urn:pulumi:stack::project::A$aws:s3:Bucket::n`."""
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def _changes(any_: bool) -> Any:
    kinds = provider_pb2.DiffResponse
    return kinds.DIFF_SOME if any_ else kinds.DIFF_NONE


def _settings(values: Properties) -> Properties:
    """Provider configuration, of which SDKs write everything but strings as JSON."""
    return {name: _setting(value) for name, value in values.items()}


def _setting(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _name(kind: Resource, given: Properties, request: Any) -> bool:
    """Give a resource a name where its program gives none; whether that was done."""
    assert kind.autoname is not None
    how = kind.autoname
    options = request.autonaming
    if request.HasField("autonaming") and given.get(how.property) is None:
        if options.mode == options.Mode.DISABLE:
            return False
        if options.proposed_name and (how.prefix is None or how.prefix not in given):
            old = from_struct(request.olds)
            is_own = how.property in old.get(DEFAULTS, ())
            given[how.property] = old[how.property] if is_own else options.proposed_name
            return True
    name = request.urn.rsplit("::", 1)[-1]
    return how.fill(given, from_struct(request.olds), name, request.randomSeed)


def _inputs(struct: Struct) -> tuple[Properties, Secrets]:
    """A create's or update's inputs, without the plugin's own notes."""
    read, secrets = read_struct(struct)
    return {name: value for name, value in read.items() if not name.startswith("__")}, secrets


def _old_inputs(kind: Resource, request: Any, new: Properties) -> Properties:
    """Inputs as they were, and what the service chose; of states that have no inputs on record,
    the outputs of these names."""
    state = from_struct(request.olds)
    names = kind.chosen if request.old_inputs.fields else kind.inputs
    kept = {
        name: kind.as_said(name, new, value) if name in new else value
        for name, value in state.items()
        if name in names
    }
    return {**kept, **from_struct(request.old_inputs)}


def _update(
    kind: Resource, id_: str, state: Properties, old: Properties, new: Properties
) -> Properties:
    """Update, where nothing differs from what is live: that is how a half-made one is completed."""
    if not differences(kind, old, new):
        live = kind.refresh(id_, old, state)
        if live is None:
            raise ResourceFailed(
                Text(f"{id_} はもうありません。", f"{id_} is not there any more."),
                remedy=Text(
                    "現状を読み直してから適用してください（--refresh）。",
                    "Apply again after a refresh (--refresh).",
                ),
            )
        old = {**{name: old[name] for name in kind.chosen if name in old}, **live.inputs}
    computed = {name: value for name, value in state.items() if name not in kind.inputs}
    given = {name: value for name, value in old.items() if not name.startswith("__")}
    return kind.update(id_, {**computed, **given}, new)


def _always(kind: Resource, properties: Properties, secrets: Secrets) -> Secrets:
    """Secrets of a program, and those that are ones by their type."""
    if not kind.secrets:
        return secrets
    return {**secrets, **{name: None for name in kind.secrets if name in properties}}


def _answer(kind: Resource, answer: Properties, given: Properties, secrets: Secrets) -> Struct:
    """An answer with secrets wrapped at their places, and wherever else their words stand."""
    places = _always(kind, answer, secrets)
    if secrets:
        places = cover(answer, places, secret_words(given, secrets))
    return to_struct(answer, places)


def _all_words(given: Iterable[Struct]) -> set[str]:
    return {words for struct in given for words in secret_words(*read_struct(struct))}


def _all_places(given: Iterable[Struct]) -> Secrets:
    places: Secrets = {}
    for struct in given:
        places.update(read_struct(struct)[1])
    return places


def serve(plugin: Plugin) -> None:
    """Run as a plugin's process: print the port on one line, serve until told to stop."""
    serve_with(Servicer(plugin))


__all__ = ["Live", "Plugin", "Servicer", "serve"]
