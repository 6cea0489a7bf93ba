"""The provider protocol as an engine meets it."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2
from shelf import Thing

from moyai.provider.naming import DEFAULTS
from moyai.provider.properties import UNKNOWN, from_struct, read_struct, to_struct

TYPE = "shelf:index/thing:Thing"
URN = f"urn:pulumi:dev::test::moyai:infra:Room${TYPE}::lamp"
PASSWORD = "correct-horse-battery"


def check(stub: Any, news: dict[str, Any], olds: dict[str, Any] | None = None, **more: Any) -> Any:
    return stub.Check(
        provider_pb2.CheckRequest(
            urn=URN, news=to_struct(news), olds=to_struct(olds or {}), randomSeed=b"seed", **more
        )
    )


def failures(answer: Any) -> dict[str, str]:
    return {one.property: one.reason for one in answer.failures}


def diff(stub: Any, old: dict[str, Any], new: dict[str, Any], **state: Any) -> Any:
    request = provider_pb2.DiffRequest(
        urn=URN,
        id="lamp",
        olds=to_struct({**old, **state}),
        old_inputs=to_struct(old),
        news=to_struct(new),
    )
    return stub.Diff(request)


def create(stub: Any, inputs: dict[str, Any], secrets: Any = None, preview: bool = False) -> Any:
    struct = to_struct(inputs, secrets)
    return stub.Create(provider_pb2.CreateRequest(urn=URN, properties=struct, preview=preview))


def update(stub: Any, old: dict[str, Any], new: dict[str, Any], **more: Any) -> Any:
    request = provider_pb2.UpdateRequest(
        urn=URN,
        id=old["name"],
        olds=to_struct({**old, "count": 1}),
        old_inputs=to_struct(old),
        news=to_struct(new),
        **more,
    )
    return from_struct(stub.Update(request).properties)


def test_it_says_what_it_can(stub: Any) -> None:
    shaken = stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert shaken.accept_secrets
    configured = stub.Configure(provider_pb2.ConfigureRequest())
    assert configured.acceptSecrets
    assert configured.supportsPreview
    assert stub.Attach(plugin_pb2.PluginAttach(address="x")) == Empty()
    assert stub.Cancel(Empty()) == Empty()
    assert stub.GetPluginInfo(Empty()).version == "1.2.3"
    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert schema["name"] == "shelf"
    assert list(schema["resources"]) == [TYPE]


def test_an_unknown_type_is_named_with_the_nearest(stub: Any) -> None:
    urn = URN.replace("Thing", "Thin")
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(provider_pb2.CheckRequest(urn=urn))
    assert "no type shelf:index/thing:Thin here; did you mean" in caught.value.details()
    assert TYPE in caught.value.details()


def test_unknown_and_missing_properties_are_named(stub: Any) -> None:
    told = failures(check(stub, {"color": "red"}))
    assert told["color"].endswith("no property 'color' here; did you mean colour?")
    assert told["size"].endswith("this property is missing")


def test_messages_are_japanese_where_the_process_is(
    monkeypatch: pytest.MonkeyPatch, thing: Thing
) -> None:
    from shelf import plugin

    from moyai.provider.serving import Servicer

    monkeypatch.setenv("MOYAI_LANG", "ja_JP.UTF-8")
    request = provider_pb2.CheckRequest(urn=URN, news=to_struct({"color": 1, "size": 1}))
    answer = Servicer(plugin(thing)).Check(request, None)
    assert "colour ではありませんか" in failures(answer)["color"]


def test_a_name_is_made_once_and_marked(stub: Any) -> None:
    first = from_struct(check(stub, {"size": 1}).inputs)
    assert first["name"].startswith("lamp-")
    assert first[DEFAULTS] == ["name"]
    again = check(stub, {"size": 2}, first, autonaming=None)
    assert from_struct(again.inputs)["name"] == first["name"]


def test_the_engines_own_naming_is_followed(stub: Any) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    proposed = options(proposed_name="lamp-dev", mode=options.Mode.PROPOSE)
    assert from_struct(check(stub, {"size": 1}, autonaming=proposed).inputs)["name"] == "lamp-dev"
    own = from_struct(check(stub, {"size": 1, "name": "x"}, autonaming=proposed).inputs)
    assert own["name"] == "x"
    off = options(mode=options.Mode.DISABLE)
    assert "name" not in from_struct(check(stub, {"size": 1}, autonaming=off).inputs)


def test_secrets_stay_wrapped_through_check(stub: Any) -> None:
    struct = to_struct({"size": 1, "parts": {"key": PASSWORD}}, {"parts": {"key": None}})
    answer = stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct))
    assert read_struct(answer.inputs)[1] == {"parts": {"key": None}}


def test_a_difference_has_its_path_and_says_whether_it_replaces(stub: Any) -> None:
    old = {"name": "a", "size": 1, "parts": {"a": 1, "moyai:b": 2}}
    new = {"name": "a", "size": 2, "parts": {"a": 1, "moyai:b": 3, "c": 4}}
    answer = diff(stub, old, new)
    kinds = provider_pb2.PropertyDiff
    assert {path: one.kind for path, one in answer.detailedDiff.items()} == {
        "size": kinds.UPDATE_REPLACE,
        'parts["moyai:b"]': kinds.UPDATE,
        "parts.c": kinds.ADD,
    }
    assert list(answer.replaces) == ["size"]
    assert sorted(answer.diffs) == ["parts", "size"]
    assert answer.deleteBeforeReplace


def test_a_made_name_lets_the_new_one_come_first(stub: Any) -> None:
    marked = {"name": "a-1234567", DEFAULTS: ["name"]}
    answer = diff(stub, {**marked, "size": 1}, {**marked, "size": 2})
    assert list(answer.replaces) == ["size"]
    assert not answer.deleteBeforeReplace


def test_nothing_differs_where_the_service_chose(stub: Any) -> None:
    old = {"name": "a", "size": 1}
    assert diff(stub, old, old, weight=7).changes == provider_pb2.DiffResponse.DIFF_NONE
    said = diff(stub, old, {**old, "weight": 7}, weight=7)
    assert said.changes == provider_pb2.DiffResponse.DIFF_NONE
    other = diff(stub, old, {**old, "weight": 8}, weight=7)
    assert list(other.diffs) == ["weight"]


def test_unknown_values_differ(stub: Any) -> None:
    answer = diff(stub, {"name": "a", "size": 1}, {"name": "a", "size": UNKNOWN})
    assert list(answer.replaces) == ["size"]


def test_a_preview_tells_what_is_known(stub: Any, thing: Thing) -> None:
    told = from_struct(create(stub, {"name": "a", "size": 1}, preview=True).properties)
    assert told == {"name": "a", "size": 1, "count": UNKNOWN, "weight": UNKNOWN}
    assert thing.calls == []


def test_outputs_of_secrets_are_secret_wherever_they_stand(stub: Any) -> None:
    inputs = {"name": "a", "size": 1, "parts": {"key": PASSWORD}}
    answer = create(stub, inputs, {"parts": {"key": None}})
    told, places = read_struct(answer.properties)
    assert told["label"].count(PASSWORD) == 1
    assert places == {"parts": {"key": None}, "label": None}


def test_a_property_that_is_a_secret_by_its_type_is_one(stub: Any) -> None:
    answer = create(stub, {"name": "a", "size": 1, "password": PASSWORD})
    assert read_struct(answer.properties)[1]["password"] is None


def test_a_failure_is_told_without_secrets(stub: Any) -> None:
    inputs = {
        "name": "a",
        "size": 1,
        "colour": "forbidden",
        "password": PASSWORD,
        "parts": {"key": "x" * 9},
    }
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, inputs, {"password": None, "parts": {"key": None}})
    assert caught.value.details() == "no [secret], no [secret]\nnot [secret]"


def test_a_bug_is_told_by_its_place_and_not_by_its_words(stub: Any) -> None:
    inputs = {"name": "a", "size": 1, "colour": "bug", "password": PASSWORD}
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, inputs)
    told = caught.value.details()
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert told.startswith("a bug in the plugin (KeyError): shelf.py:")
    assert PASSWORD not in told


def test_what_is_half_made_stays_on_record(stub: Any, thing: Thing) -> None:
    inputs = {"name": "a", "size": 1, "colour": "half", "password": PASSWORD}
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, inputs, {"password": None})
    metadata = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail: Packed = status.details[0]
    failed = provider_pb2.ErrorResourceInitFailed()
    assert detail.Unpack(failed)
    assert failed.id == "a"
    assert list(failed.reasons) == ["paint [secret] is out"]
    assert read_struct(failed.properties)[1]["password"] is None
    # The engine now updates it without any difference in inputs: what is missing live is done.
    done = update(stub, inputs, inputs)
    assert thing.calls == ["create", "read", "update colour"]
    assert done["colour"] == "half"


def test_an_update_previews_what_may_change(stub: Any) -> None:
    old = {"name": "a", "size": 1, "colour": "red"}
    told = update(stub, old, {"name": "a", "size": 1}, preview=True)
    assert told == {"name": "a", "size": 1, "count": UNKNOWN, "weight": UNKNOWN}


def test_an_update_without_difference_of_something_gone_says_so(stub: Any) -> None:
    old = {"name": "gone", "size": 1}
    with pytest.raises(grpc.RpcError, match="gone is not there any more"):
        update(stub, old, old)


def test_a_read_finds_what_is_live_and_keeps_the_mark_of_a_made_name(stub: Any) -> None:
    inputs = {"name": "a", "size": 1}
    create(stub, inputs)
    marked = to_struct({**inputs, DEFAULTS: ["name"]})
    read = stub.Read(provider_pb2.ReadRequest(urn=URN, id="a", inputs=marked))
    assert from_struct(read.inputs) == {**inputs, DEFAULTS: ["name"]}
    assert from_struct(read.properties)["weight"] == 7
    assert not stub.Read(provider_pb2.ReadRequest(urn=URN, id="b", inputs=marked)).id


def test_a_read_keeps_secrets(stub: Any) -> None:
    inputs = {"name": "a", "size": 1, "parts": {"key": PASSWORD}}
    create(stub, inputs)
    struct = to_struct(inputs, {"parts": {"key": None}})
    read = stub.Read(provider_pb2.ReadRequest(urn=URN, id="a", inputs=struct))
    assert read_struct(read.inputs)[1] == {"parts": {"key": None}}
    assert read_struct(read.properties)[1] == {"parts": {"key": None}, "label": None}


def test_a_delete_is_passed_on(stub: Any, thing: Thing) -> None:
    create(stub, {"name": "a", "size": 1})
    stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="a"))
    assert not thing.shelf


def test_functions_are_called_and_unknown_ones_named(stub: Any) -> None:
    arguments = to_struct({"word": PASSWORD}, {"word": None})
    request = provider_pb2.InvokeRequest(tok="shelf:index:echo", args=arguments)
    told, places = read_struct(getattr(stub.Invoke(request), "return"))
    assert told == {"said": f"you said {PASSWORD}"}
    assert places == {"said": None}
    with pytest.raises(grpc.RpcError, match="did you mean shelf:index:echo"):
        stub.Invoke(provider_pb2.InvokeRequest(tok="shelf:index:ech"))


def test_unknown_settings_are_named_and_wrong_ones_refused(stub: Any) -> None:
    given = {"colors": "[]", "paint": "x", "version": "1"}
    config = provider_pb2.CheckRequest(news=to_struct(given))
    assert failures(stub.CheckConfig(config)) == {
        "colors": "no property 'colors' here; did you mean colours?",
        "paint": "paint is out",
    }
    settings = provider_pb2.ConfigureRequest(args=to_struct({"colours": '["none"]'}))
    with pytest.raises(grpc.RpcError, match="no colours"):
        stub.Configure(settings)


def test_changed_settings_replace_nothing(stub: Any) -> None:
    request = provider_pb2.DiffRequest(
        old_inputs=to_struct({"colours": "1"}), news=to_struct({"colours": "2"})
    )
    answer = stub.DiffConfig(request)
    assert list(answer.diffs) == ["colours"]
    assert not answer.replaces
