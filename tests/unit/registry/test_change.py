"""Changing a body's entry: what the file becomes, and that nothing else moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.errors import UsageError
from moyai.registry.change import EntryEdit, TenantChanged, change_tenant
from moyai.registry.load import require
from moyai.registry.yaml_change import with_value, without
from moyai.registry.yaml_edit import CannotPlace
from moyai.registry.yaml_tree import read

BODY = "272043"


def _changed(project: Path, *changes: tuple[str, str | None]) -> TenantChanged:
    file = project / "tenants.yaml"
    wanted = [EntryEdit(key, value) for key, value in changes]
    return change_tenant(require(file), file.read_bytes(), BODY, wanted)


def _moved(found: TenantChanged) -> list[str]:
    return [line for line in found.diff if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_a_setting_of_a_service_is_replaced_and_nothing_else(project: Path) -> None:
    found = _changed(project, ("services.eapp-b.settings.payment", "both"))
    assert _moved(found) == [
        "-      - { service: eapp-b, from: 2022-10-01, settings: { payment: pay-easy } }",
        "+      - { service: eapp-b, from: 2022-10-01, settings: { payment: both } }",
    ]
    subscription = found.body.subscription("eapp-b")
    assert subscription is not None
    assert subscription.settings["payment"] == "both"


def test_what_is_not_there_yet_is_put_in(project: Path) -> None:
    found = _changed(
        project, ("services.chat.settings.retention_days", "400"), ("tags", "{ pilot: 北 }")
    )
    assert _moved(found) == [
        "-      - { service: chat, from: 2022-04-01 }",
        "+      - { service: chat, from: 2022-04-01, settings: { retention_days: 400 } }",
        "+    tags: { pilot: 北 }",
    ]


def test_a_key_and_a_part_of_one_are_taken_out(project: Path) -> None:
    found = _changed(project, ("lgwan", None))
    assert _moved(found) == ["-    lgwan: [10.200.5.0/24]"]
    day = _changed(project, ("services.chat.until", "2027-03-31"))
    assert _moved(day)[1] == "+      - { service: chat, from: 2022-04-01, until: 2027-03-31 }"


def test_a_block_is_replaced_with_the_comments_behind_it_left(project: Path) -> None:
    file = project / "tenants.yaml"
    text = file.read_text(encoding="utf-8")
    after = text.replace(
        "    lgwan: [10.200.5.0/24]\n", "    lgwan:  # 庁舎\n      - 10.200.5.0/24\n    # 次\n"
    )
    assert after != text
    file.write_text(after, encoding="utf-8")
    found = _changed(project, ("lgwan", "[10.211.6.0/24]"))
    assert _moved(found) == [
        "-    lgwan:  # 庁舎",
        "-      - 10.200.5.0/24",
        "+    lgwan: [10.211.6.0/24]",
    ]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("code", "271004", "cannot be changed"),
        ("services.eapp-x.until", "2027-03-31", "there are: services.chat"),
        ("services.chat", "x", "no key of a service"),
        ("services..x", "x", "cannot be changed"),
        ("population", "many", "cannot be changed like this"),
        ("no_such_key", "1", "cannot be changed like this"),
        ("name", "a: b: c", "cannot be read"),
        ("name", "x\n    slug: y", "cannot be read"),
        ("name", "池田市", "nothing would change"),
    ],
)
def test_what_cannot_be_is_said(project: Path, key: str, value: str, why: str) -> None:
    before = (project / "tenants.yaml").read_bytes()
    with pytest.raises(UsageError) as told:
        _changed(project, (key, value))
    assert why in told.value.what.en
    assert (project / "tenants.yaml").read_bytes() == before


_TEXTS = (
    "a: 1\nb: # why\n  c: x  # c\n  # after\n  d: [1, 2]\n# end\ne: { f: 1, g: y }\n",
    "a: 1\nb: { c: x, d: [1, 2] } # why\ne:\n  f: 1\n  g: |\n    two\n    lines\n",
    "a: &x 1\nb:\n  c: x\n\n  d:\n  - 1\n  - 2\n\ne: {f: 1,\n  g: 'y'}",
)
_PATHS = st.sampled_from(
    [
        ("a",),
        ("b", "c"),
        ("b", "d"),
        ("e", "f"),
        ("e", "g"),
        ("n",),
        ("b", "n"),
        ("e", "n"),
        ("n", "m"),
    ]
)
_VALUES = st.one_of(
    st.integers(-1000, 1000),
    st.booleans(),
    st.text(max_size=8).filter(lambda one: one.isprintable()),
    st.lists(st.sampled_from(["x", "y: z", "#", "1"]), max_size=3),
    st.dictionaries(st.sampled_from(["p", "q"]), st.integers(0, 9), min_size=1),
)


@given(st.sampled_from(_TEXTS), _PATHS, _VALUES)
def test_any_value_put_anywhere_is_read_back_and_all_else_stays(
    text: str, path: tuple[str, ...], value: object
) -> None:
    wanted = read(text.encode()).value
    assert isinstance(wanted, dict)
    here = wanted
    for step in path[:-1]:
        here = here.setdefault(step, {})
    here[path[-1]] = value
    assert read(with_value(text, path, value).encode()).value == wanted
    comments = [line.partition("#")[2] for line in text.splitlines() if "# " in line]
    kept = with_value(text, path, value)
    assert all(one in kept for one in comments if path != ("b",))


@given(st.sampled_from(_TEXTS), _PATHS)
def test_what_is_taken_out_is_gone_and_all_else_stays(text: str, path: tuple[str, ...]) -> None:
    wanted = read(text.encode()).value
    assert isinstance(wanted, dict)
    here = wanted
    for step in path[:-1]:
        here = here.get(step, {})
    here.pop(path[-1], None)
    assert read(without(text, path).encode()).value == wanted


def test_an_alias_is_left_to_people() -> None:
    with pytest.raises(CannotPlace):
        with_value("a: &x { b: 1 }\nc: *x\n", ("c", "b"), 2)
