"""A provider plugin for tests: resources are files in the folder FILING_ROOT.

`filing:index:File` is named by its input `name`; the id of a `filing:index:Box` is made by the
plugin. Inputs `before` and `after` are seconds that a create takes before and after the file is
there; a file `fail-<name>` in the root makes a create fail, `stuck-<id>` a delete. Every call is a
line in `calls.log`.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path

from moyai.provider.properties import Properties
from moyai.provider.resources import Live, Resource, ResourceFailed
from moyai.provider.serving import Plugin, serve
from moyai.texts import same

ROOT = Path(os.environ["FILING_ROOT"])


def note(*words: str) -> None:
    with (ROOT / "calls.log").open("a") as log:
        log.write(" ".join(words) + "\n")


class File(Resource):
    inputs = frozenset({"name", "text", "before", "after", "refuse"})
    required = frozenset({"name"})
    replace_on = frozenset({"name"})
    computed = frozenset({"size"})
    kind = "file"

    def identify(self, inputs: Properties) -> str:
        return str(inputs["name"])

    def path(self, id_: str) -> Path:
        return ROOT / f"{id_}.{self.kind}"

    def create(self, inputs: Properties) -> Live:
        id_ = self.identify(inputs)
        note("create", inputs["name"], id_)
        if (ROOT / "down").exists():
            raise ResourceFailed(same("Could not connect to the endpoint URL: http://127.0.0.1:1"))
        if (ROOT / f"fail-{inputs['name']}").exists():
            raise ResourceFailed(same(f"no room for {inputs['name']} with {inputs.get('text')}"))
        time.sleep(inputs.get("before", 0))
        if self.path(id_).exists():
            raise ResourceFailed(same(f"{id_} already exists"))
        self.path(id_).write_text(json.dumps(inputs))
        note("created", inputs["name"], id_)
        time.sleep(inputs.get("after", 0))
        return self.live(id_, inputs)

    def live(self, id_: str, inputs: Properties) -> Live:
        return Live(id_, inputs, {**inputs, "size": len(str(inputs.get("text", "")))})

    def read(self, id_: str, inputs: Properties) -> Live | None:
        note("read", id_)
        if not self.path(id_).exists():
            return None
        return self.live(id_, json.loads(self.path(id_).read_text()))

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        note("update", id_)
        time.sleep(new.get("before", 0))
        self.path(id_).write_text(json.dumps(new))
        return self.live(id_, new).outputs

    def delete(self, id_: str, state: Properties) -> None:
        note("delete", id_)
        if (ROOT / f"stuck-{id_}").exists():
            raise ResourceFailed(same(f"{id_} is stuck"))
        self.path(id_).unlink(missing_ok=True)


class Box(File):
    replace_on = frozenset()
    kind = "box"

    def identify(self, inputs: Properties) -> str:
        return f"box-{uuid.uuid4().hex[:8]}"


if __name__ == "__main__":
    types = {"filing:index:File": File(), "filing:index:Box": Box()}
    serve(Plugin("filing", "1.0.0", types, {}))
