"""Adding bodies: what the file becomes, and that nothing else moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.errors import ExitCode, UsageError
from moyai.registry.edit import Allocate, NewTenant, TenantAdded, add_tenant
from moyai.registry.load import load, require
from moyai.registry.models import Isolation, Kind, Registry
from moyai.registry.yaml_edit import CannotPlace, with_entry
from moyai.registry.yaml_tree import read


def _second(_registry: Registry) -> IPv4Network:
    return IPv4Network("10.64.16.0/20")


def _add(project: Path, new: NewTenant, allocate: Allocate = _second) -> TenantAdded:
    """The body added, and the file as it is with it."""
    file = project / "tenants.yaml"
    added = add_tenant(require(file), file.read_bytes(), new, allocate)
    file.write_bytes(added.content)
    return added


def test_a_code_alone_suffices(project: Path, sample: str) -> None:
    added = _add(project, NewTenant("270008"))
    after = (project / "tenants.yaml").read_text(encoding="utf-8")
    assert after == sample + "".join(f"{line}\n" for line in added.lines)
    assert added.lines == (
        '  - code: "270008"',
        "    slug: osaka-pref",
        "    name: 大阪府",
        "    kind: 都道府県",
        "    population: { count: 8837685, as_of: 2020-10-01, source: 国勢調査（2020年） }",
    )
    body = require(project / "tenants.yaml").tenants[-1]
    assert added.body == body
    assert (body.code, body.kind, body.isolation) == (
        "270008",
        Kind.PREFECTURE,
        Isolation.APPLICATION,
    )


def test_everything_can_be_said(project: Path) -> None:
    _add(
        project,
        NewTenant(
            "012025",
            slug="hako",
            isolation=Isolation.NETWORK,
            lgwan=("10.210.0.0/24", "10.210.1.0/24"),
            services=(("chat", "2027-04-01"),),
            email="joho@hakodate.example.jp",
        ),
    )
    body = require(project / "tenants.yaml").tenants[-1]
    assert (body.code, body.slug, body.name, body.kind) == (
        "012025",
        "hako",
        "函館市",
        Kind.CORE_CITY,
    )
    assert body.cidr == IPv4Network("10.64.16.0/20")
    assert [str(network) for network in body.lgwan] == ["10.210.0.0/24", "10.210.1.0/24"]
    assert body.contacts[0].email == "joho@hakodate.example.jp"
    assert body.subscriptions[0].start == date(2027, 4, 1)


def test_a_joint_body_says_what_it_is(project: Path) -> None:
    with pytest.raises(UsageError, match="needs --slug, --name, --kind"):
        _add(project, NewTenant("279994"))
    _add(
        project,
        NewTenant(
            "279994", slug="senshu", name="泉州: 組合", kind=Kind.PARTIAL_AFFAIRS_ASSOCIATION
        ),
    )
    assert require(project / "tenants.yaml").tenants[-1].name == "泉州: 組合"


def test_names_that_two_cities_have(project: Path) -> None:
    _add(project, NewTenant("132063"))
    _add(project, NewTenant("342084"))
    names = [(one.slug, one.name) for one in require(project / "tenants.yaml").tenants[-2:]]
    assert names == [("fuchu", "府中市"), ("fuchu-hiroshima", "府中市")]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewTenant("271004"), "is there already: 大阪市"),
        (NewTenant("270009"), "after 27000 comes 8"),
        (NewTenant("27000"), "it is 270008"),
        (NewTenant("堺市"), "is not six digits"),
        (NewTenant("270008", kind=Kind.TOWN), "大阪府 is 都道府県"),
        (NewTenant("270008", slug="sakai"), "'sakai' is used twice"),
        (NewTenant("270008", slug="Osaka"), "will not do"),
        (NewTenant("270008", lgwan=("10.200.1.0/24",)), "overlaps 271004's 10.200.1.0/24"),
        (NewTenant("270008", lgwan=("x",)), "not an IPv4 network"),
        (NewTenant("270008", services=(("fax", "2027-04-01"),)), "there is no service 'fax'"),
        (NewTenant("270008", services=(("chat", "soon"),)), "'soon' is not a date"),
        (NewTenant("270008", isolation=Isolation.ACCOUNT), "comes with the production sites"),
        (NewTenant("270008", email="nobody"), "not an e-mail address"),
        (NewTenant("270008", name="大阪府\n  - x: y"), "characters that cannot be seen"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_be_wrong_is_refused(
    project: Path, sample: str, new: NewTenant, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        _add(project, new)
    assert reason in "\n".join(caught.value.lines("en"))
    assert caught.value.touched is not None
    assert caught.value.exit_code is ExitCode.USAGE
    assert (project / "tenants.yaml").read_text(encoding="utf-8") == sample
    assert sorted(path.name for path in project.iterdir()) == ["stacks", "tenants.yaml"]


def test_what_the_new_body_is_warned_of_is_told(project: Path) -> None:
    added = _add(project, NewTenant("270008", services=(("chat", "2027-04-01"),)))
    assert [one.path for one in added.warnings] == ["tenants[270008].lgwan"]


NENDO = "{ first: 2028-03-25, last: 2028-04-07, reason: 年度末 }"

STYLES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "no line end at the end": lambda text: text.rstrip("\n"),
    "comments behind the last body": lambda text: text + "    # まだある\n\n# 終わり 🏯\n",
    "tenants first": lambda text: (
        text[text.index("tenants:\n") :] + "\n# 共同体\n" + text[: text.index("tenants:\n")]
    ).replace("*nendo", NENDO),
    "dashes at the margin": lambda text: (
        text[: text.index("tenants:\n")]
        + text[text.index("tenants:\n") :].replace("\n  ", "\n")
    ),
    "wide dashes": lambda text: (
        text[: text.index("tenants:\n")]
        + text[text.index("tenants:\n") :].replace("\n  - code", "\n  -   code").replace("\n    ", "\n      ")
    ),
    "bodies in braces": lambda text: (
        text[: text.index("tenants:\n")]
        + 'tenants: # 団体\n  - { code: "271004", slug: osaka, name: 大阪市, kind: 政令市 } # 一つだけ\n'
    ),
    "an empty list": lambda text: text[: text.index("tenants:\n")] + "tenants: [] # まだない\n",
    "a list in brackets": lambda text: (
        text[: text.index("tenants:\n")]
        + 'tenants: [\n  { code: "271004", slug: osaka, name: 大阪市, kind: 政令市 }, # 一つ\n]\n'
    ),
    "an alias at the end": lambda text: (
        text.replace("    tier: large\n", "    tags: &tags { wave: first }\n") + "    tags: *tags\n"
    ),
    "a folded text at the end": lambda text: text.replace("    tier: large\n", "")
    + "    tier: >-\n      large\n      one\n\n",
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_other_lines_stay_to_the_letter(project: Path, sample: str, style: str) -> None:
    file = project / "tenants.yaml"
    before = STYLES[style](sample).encode()
    file.write_bytes(before)
    assert load(file).problems == ()
    added = _add(project, NewTenant("270008"))
    after = file.read_bytes()
    old, new = read(before).value, read(after).value
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert new["tenants"][:-1] == old["tenants"]
    assert new["tenants"][-1]["code"] == "270008"
    assert {**new, "tenants": []} == {**old, "tenants": []}
    written = after.decode()
    if style not in ("an empty list", "a list in brackets"):
        end = "\r\n" if style == "Windows line ends" else "\n"
        block = "".join(line + end for line in added.lines)
        assert block in written
        rest = written.replace(block, "")
        assert rest in (before.decode(), before.decode() + end)
    for comment in [line for line in before.decode().splitlines() if "#" in line]:
        assert comment.partition("#")[2] in written


def test_what_leaves_no_place_is_refused(project: Path, sample: str) -> None:
    file = project / "tenants.yaml"
    head, _, bodies = sample.partition("tenants:\n")
    text = f"x-bodies: &bodies\n{bodies}{head}tenants: *bodies\n"
    file.write_text(text.replace("*nendo", NENDO), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(UsageError, match="leaves no place"):
        _add(project, NewTenant("270008"))
    assert file.read_bytes() == before


def test_bodies_added_one_after_another_move_nobody(project: Path) -> None:
    file = project / "tenants.yaml"
    networks = iter(IPv4Network(f"10.65.{16 * i}.0/20") for i in range(5))
    seen: dict[str, object] = {}
    for code in ("011002", "012025", "131016", "472018", "262099"):
        new = NewTenant(code, isolation=Isolation.NETWORK)
        _add(project, new, lambda _registry: next(networks))
        now = {body.code: body for body in require(file).tenants}
        assert {key: now[key] for key in seen} == seen
        seen = dict(now)
    assert len(seen) == 48


WORDS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    ),
    min_size=1,
    max_size=15,
)


@given(
    name=WORDS,
    tags=st.dictionaries(st.sampled_from(["a", "b", "c"]), WORDS, max_size=3),
    lists=st.lists(WORDS, max_size=3),
    maps=st.lists(st.dictionaries(st.sampled_from(["x", "y"]), WORDS, min_size=1), max_size=2),
)
def test_whatever_is_written_reads_back(
    name: str, tags: dict[str, str], lists: list[str], maps: list[dict[str, str]]
) -> None:
    entry = {"name": name, "tags": tags, "lists": lists, "maps": maps}
    for text in ("tenants: []\n", "tenants:\n- name: x\n", "tenants: [{ name: x }]\n"):
        after, _ = with_entry(text, entry)
        tree = read(after.encode())
        assert tree.flaws == ()
        assert isinstance(tree.value, dict)
        assert tree.value["tenants"][-1] == entry


@pytest.mark.parametrize("text", ["a: 1\n", "- tenants\n", "{ tenants: [] }\n", "tenants: x\n"])
def test_a_text_without_a_list_of_bodies(text: str) -> None:
    with pytest.raises(CannotPlace):
        with_entry(text, {"code": "270008"})
