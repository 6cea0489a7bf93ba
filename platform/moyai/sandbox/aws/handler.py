"""What the handlers have in common: everything that follows from a type's declared properties."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from moyai.provider.properties import Properties
from moyai.provider.resources import HalfMade, Live, Problem, Resource, ResourceFailed
from moyai.sandbox.aws.checking import check
from moyai.sandbox.aws.client import AwsRefused, account, call, home_region, region_of
from moyai.sandbox.aws.conversion import from_api, to_api
from moyai.sandbox.aws.fields import Field, Shape, Spelling, mapping, text
from moyai.sandbox.aws.observing import canonical, observe, observe_all
from moyai.sandbox.aws.tagging import ServiceTags, Tagging, Tags, properties_tags
from moyai.texts import Text

_REGION = text("", replaces=True)
_TAGS = mapping("")
_IMPORTED = re.compile(r"(?P<id>.+)@(?P<region>[a-z]{2}(-[a-z]+)+-\d)\Z")


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource as AWS tells it."""

    id: str
    values: Properties = field(default_factory=dict)
    """Properties and computed outputs. A property that a look does not tell is not set, unless its
    declaration has no name of AWS's for it."""


class AwsResource(Resource):
    """A resource type of one AWS service: declared properties, and five calls.

    A subclass says `service` and `properties`, and how the resource is made (`make`, `complete`),
    looked at (`look`), changed (`change`) and removed (`remove`).
    """

    service: ClassVar[str]
    properties: ClassVar[Shape]
    spell: ClassVar[Spelling] = Spelling.PASCAL
    tagging: ClassVar[Tagging | None] = None
    regional: ClassVar[bool] = True
    looks_after: ClassVar[bool] = False
    """Whether AWS's answers do not tell everything, so that a look follows a create or update."""
    tag_by: ClassVar[str] = ""
    """The output that names the resource in tag calls, where that is not its id."""

    def __init_subclass__(cls, **more: Any) -> None:
        """Derive from the properties what the protocol asks for."""
        super().__init_subclass__(**more)
        if "properties" not in cls.__dict__:
            return
        common: dict[str, Field] = {"region": _REGION} if cls.regional else {}
        if cls.tagging is not None:
            common["tags"] = _TAGS
        cls.properties = {**common, **cls.properties}
        named = cls.properties.items()
        cls.inputs = frozenset(cls.properties)
        cls.required = frozenset(name for name, one in named if one.required)
        cls.replace_on = frozenset(name for name, one in named if one.replaces)
        cls.chosen = frozenset(name for name, one in named if one.chosen)
        cls.secrets = frozenset(name for name, one in named if one.secret)

    # What a type says

    @abstractmethod
    def make(self, inputs: Properties) -> Seen:
        """The create call. `values` tell computed outputs and what AWS chose."""

    def complete(self, id_: str, inputs: Properties, values: Properties) -> None:
        """Calls that follow the create call; none for most. May add to `values`."""

    @abstractmethod
    def look(self, id_: str, inputs: Properties) -> Seen | None:
        """Everything as it is, or None. `inputs` are those on record, none but region on import."""

    def change(
        self, id_: str, old: Properties, new: Properties, changed: Collection[str]
    ) -> Properties:
        """Change `changed` properties, tags apart; computed outputs that changed with them."""
        raise NotImplementedError  # a type whose every input forces a replacement never gets here

    @abstractmethod
    def remove(self, id_: str, state: Properties) -> None:
        """The delete call."""

    # Helpers for it

    def call(
        self, properties: Properties, operation: str, /, *, gone: Collection[str] = (), **more: Any
    ) -> Any:
        """Call an operation of the resource's service in its region."""
        return call(self.service, self.region(properties), operation, gone=gone, **more)

    def region(self, properties: Properties) -> str:
        """The region whose endpoint is called."""
        return region_of(properties)

    def arn(self, properties: Properties, resource: str, service: str | None = None) -> str:
        """The ARN of a resource in its region and this account."""
        return f"arn:aws:{service or self.service}:{region_of(properties)}:{account()}:{resource}"

    def parameters(self, inputs: Properties, *names: str) -> dict[str, Any]:
        """Parameters of a call: of these properties, or of all but tags and region."""
        wanted = {name: inputs[name] for name in names or inputs if inputs.get(name) is not None}
        return to_api(self.properties, wanted, self.spell)

    def created_tags(self, inputs: Properties) -> dict[str, Any]:
        """Tags as parameters of a create call."""
        assert self.tagging is not None
        return self.tagging.created(properties_tags(inputs))

    def told(self, answer: Mapping[str, Any]) -> Properties:
        """The properties that an answer tells."""
        return from_api(self.properties, answer, self.spell)

    def read_tags(self, target: str, inputs: Properties) -> dict[str, str]:
        """Tags by a call of their own."""
        assert self.tagging is not None
        return self.tagging.read(lambda *a, **k: self.call(inputs, *a, **k), target)

    def set_tags(self, target: str, inputs: Properties) -> None:
        """Tags by a call of their own, of a resource whose create call takes none."""
        self._retag(target, inputs, {}, properties_tags(inputs))

    def tags_in(self, answer: Mapping[str, Any]) -> Properties:
        """Tags that an answer tells along with the rest."""
        assert isinstance(self.tagging, ServiceTags)
        return {"tags": self.tagging.told(answer)}

    # The protocol's side

    def prepare(self, inputs: Properties) -> tuple[Properties, list[Problem]]:
        """Declared kinds and names, nested ones too; the region is filled in."""
        problems: list[Problem] = []
        known = check(self.properties, inputs, "", problems)
        if self.regional:
            known.setdefault("region", home_region())
        return known, problems

    def normal(self, name: str, value: Any) -> Any:
        """As its declaration says."""
        known = self.properties.get(name)
        return value if known is None else canonical(known, value)

    def as_said(self, name: str, new: Properties, live: Any) -> Any:
        """What the program does not say of it, and AWS chose, is left out."""
        known = self.properties.get(name)
        return live if known is None else observe(known, new[name], live)

    def preview(self, inputs: Properties, state: Properties | None) -> Properties:
        """What is declared to be known before; tags are."""
        known = {**self._defaults(), **super().preview(inputs, state)}
        if self.tagging is not None:
            known["tagsAll"] = inputs.get("tags", {})
        return known

    def create(self, inputs: Properties) -> Live:
        """Make it, then complete it; what fails after it was made does not lose it."""
        about = self.name_of(inputs)
        try:
            seen = self.make(inputs)
        except AwsRefused as error:
            raise self._explained(error, inputs, about) from None
        values = dict(seen.values)
        try:
            self.complete(seen.id, inputs, values)
            if self.looks_after:
                looked = self.look(seen.id, inputs)
                values |= looked.values if looked else {}
        except ResourceFailed as error:
            told = error.of(about or seen.id) if isinstance(error, AwsRefused) else error
            half = Live(seen.id, inputs, self._outputs(inputs, values))
            raise HalfMade(half, told) from None
        return Live(seen.id, inputs, self._outputs(inputs, values))

    def read(self, id_: str, inputs: Properties) -> Live | None:
        """What is live, in the words of the inputs on record. On import, `id@region` is understood."""
        known = dict(inputs)
        if not known and self.regional:
            imported = _IMPORTED.match(id_)
            id_ = imported["id"] if imported else id_
            known["region"] = imported["region"] if imported else home_region()
        with _about(id_):
            seen = self.look(id_, known)
        if seen is None:
            return None
        live = {**seen.values, **({"region": region_of(known)} if self.regional else {})}
        found = observe_all(self.properties, known, live)
        return Live(seen.id, found, self._outputs(found, seen.values))

    def refresh(self, id_: str, inputs: Properties, state: Properties) -> Live | None:
        """As `read`, by whatever names it best."""
        return self.read(self.locate(id_, inputs, state), inputs)

    def locate(self, id_: str, inputs: Properties, state: Properties) -> str:
        """What to look with for a resource on record: its id, where nothing else is said."""
        del inputs, state
        return id_

    def update(self, id_: str, old: Properties, new: Properties) -> Properties:
        """Tags, then everything else that differs."""
        changed = {
            name
            for name in self.properties
            if (name in new or name not in self.chosen)
            and self.normal(name, old.get(name)) != self.normal(name, new.get(name))
        }
        kept = {
            name: value
            for name, value in old.items()
            if name not in self.inputs or (name in self.chosen and name not in new)
        }
        with _about(id_):
            if "tags" in changed and self.tagging is not None:
                target = str(old[self.tag_by]) if self.tag_by else id_
                self._retag(target, new, properties_tags(old), properties_tags(new))
            rest = changed - {"tags"}
            more = self.change(id_, old, new, rest) if rest else {}
            if self.looks_after:
                looked = self.look(id_, new)
                more = {**more, **(looked.values if looked else {})}
        return self._outputs(new, {**kept, **more})

    def delete(self, id_: str, state: Properties) -> None:
        """Remove it."""
        with _about(id_):
            self.remove(id_, state)

    def name_of(self, inputs: Properties) -> str:
        """What a resource that has no id yet is called in messages."""
        named = inputs.get(self.autoname.property) if self.autoname else None
        return str(named or "")

    def _retag(self, target: str, inputs: Properties, old: Tags, new: Tags) -> None:
        assert self.tagging is not None
        self.tagging.change(lambda *a, **k: self.call(inputs, *a, **k), target, old, new)

    def _outputs(self, inputs: Properties, values: Properties) -> Properties:
        computed = {
            name: value
            for name, value in values.items()
            if name not in self.inputs or (name in self.chosen and name not in inputs)
        }
        outputs = {**self._defaults(), **inputs, **computed}
        if self.regional:
            outputs["region"] = region_of(inputs)
        if self.tagging is not None:
            outputs["tagsAll"] = inputs.get("tags", {})
        return outputs

    def _defaults(self) -> Properties:
        return {
            name: one.default for name, one in self.properties.items() if one.default is not None
        }

    def _explained(self, error: AwsRefused, inputs: Properties, about: str) -> ResourceFailed:
        told = error.of(about)
        if not error.exists:
            return told
        return ResourceFailed(
            told.what,
            touched=Text("既にあるものには触れていません。", "What is there was not touched."),
            remedy=self._whose(inputs),
        )

    def _whose(self, inputs: Properties) -> Text:
        """Whose the resource is that has the name already, by its tags."""
        id_ = self.id_of(inputs)
        live = self.read(id_, {"region": region_of(inputs)}) if id_ else None
        wanted = properties_tags(inputs)
        if live is not None and wanted and wanted.items() <= properties_tags(live.inputs).items():
            return Text(
                "タグがすべて同じなので、中断された実行が残したものです。"
                "もう一度実行すると引き継ぎます（pulumi import でも引き継げます）。",
                "All its tags are the same, so an interrupted run left it: run again to adopt it "
                "(or pulumi import it).",
            )
        return Text(
            "名前を変えるか、持ち主を確かめて削除するか、pulumi import で引き継いでください。",
            "Choose another name, or see whose it is and delete it, or pulumi import it.",
        )

    def id_of(self, inputs: Properties) -> str | None:
        """The id that a resource of these inputs has, where its name tells it."""
        return str(inputs[self.autoname.property]) if self.autoname else None


@contextmanager
def _about(id_: str) -> Iterator[None]:
    """Name the resource in AWS's refusals within."""
    try:
        yield
    except AwsRefused as error:
        raise error.of(id_) from None
