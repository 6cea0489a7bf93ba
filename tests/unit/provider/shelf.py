"""A plugin for tests: things on a shelf, which is a dict."""

from __future__ import annotations

from typing import Any

from moyai.provider.naming import AutoName
from moyai.provider.plugins import Plugin
from moyai.provider.properties import Properties
from moyai.provider.resources import HalfMade, Live, Resource, ResourceFailed
from moyai.texts import same


class Thing(Resource):
    """Named; `colour` changes in place, `size` does not; `weight` is chosen, `count` counts."""

    inputs = frozenset({"name", "namePrefix", "colour", "size", "password", "parts", "weight"})
    required = frozenset({"size"})
    replace_on = frozenset({"name", "size"})
    computed = frozenset({"count"})
    chosen = frozenset({"weight"})
    volatile = frozenset({"count"})
    secrets = frozenset({"password"})
    autoname = AutoName()

    def __init__(self) -> None:
        self.shelf: dict[str, Properties] = {}
        self.calls: list[str] = []

    def _live(self, id_: str) -> Live:
        told = {"count": 1, "weight": 7, **self.shelf[id_], "label": f"for {self.shelf[id_]}"}
        return Live(id_, dict(self.shelf[id_]), told)

    def create(self, inputs: Properties) -> Live:
        self.calls.append("create")
        if inputs.get("colour") == "forbidden":
            words = f"no {inputs['password']}, no {inputs['parts']['key']}"
            raise ResourceFailed(same(words), remedy=same(f"not {inputs['password']}"))
        if inputs.get("colour") == "bug":
            raise KeyError(inputs["password"])
        self.shelf[inputs["name"]] = dict(inputs)
        live = self._live(inputs["name"])
        if inputs.get("colour") == "half":
            del self.shelf[inputs["name"]]["colour"]
            raise HalfMade(live, ResourceFailed(same(f"paint {inputs['password']} is out")))
        return live

    def read(self, id_: str, inputs: Properties) -> Live | None:
        self.calls.append("read")
        return self._live(id_) if id_ in self.shelf else None

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        changed = sorted(
            name for name in self.inputs if name in new and old.get(name) != new.get(name)
        )
        self.calls.append(f"update {' '.join(changed)}")
        self.shelf[id_] = dict(new)
        return {**self._live(id_).outputs, "count": 2}

    def delete(self, id_: str, state: Properties) -> None:
        self.calls.append("delete")
        self.shelf.pop(id_, None)


def echo(arguments: Properties) -> Properties:
    return {"said": f"you said {arguments['word']}"}


def configure(settings: Properties) -> None:
    if settings.get("colours") == ["none"]:
        raise ResourceFailed(same("no colours"))


def plugin(thing: Any) -> Plugin:
    types = {"shelf:index/thing:Thing": thing}
    invokes = {"shelf:index:echo": echo}
    known, refused = frozenset({"colours"}), {"paint": same("paint is out")}
    return Plugin("shelf", "1.2.3", types, invokes, known, refused, configure)
