"""A file of the whole country, 1,741 bodies, against what reading its YAML alone takes.

`make bench-deploy` has the seconds that `moyai validate` takes with such a file.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml
from tests.pace import seconds_of
from tests.sample import SAMPLE

from moyai.registry.codes import national_list
from moyai.registry.edit import NewTenant, TenantAdded, add_tenant
from moyai.registry.load import Loaded, load_content
from moyai.registry.models import Kind


def _whole_country(sample: str) -> str:
    """The sample's head with every municipality, each with what bodies usually have."""
    parts = [sample[: sample.index("\ntenants:\n")], "\ntenants:\n"]
    bodies = [one for one in national_list().values() if one.kind != Kind.PREFECTURE.value]
    for i, body in enumerate(bodies):
        parts.append(
            f"""\
  - code: "{body.code}"
    slug: m{body.code}
    name: {body.name}
    kind: {body.likely_kind.value}
    population: {{ count: {body.population_2020 or 0}, as_of: 2020-10-01, source: 国勢調査 }}
    contacts:
      - {{ section: 情報政策担当課, email: joho@m{body.code}.example.jp }}
    lgwan: [{IPv4Network((0x0AC00000 + 256 * i, 24))}]
    office: [192.168.0.0/16, 172.16.{i % 256}.0/24]
    tags: {{ prefecture: {body.prefecture} }}
    services:
      - {{ service: chat, from: 2022-04-01 }}
      - {{ service: eapp-b, from: 2022-10-01, settings: {{ payment: pay-easy }} }}
"""
        )
    return "".join(parts)


@pytest.fixture(scope="module")
def country(sample: str) -> str:
    return _whole_country(sample)


def _load(text: str) -> Loaded:
    return load_content(SAMPLE, text.encode())


@pytest.fixture(scope="module")
def valid_seconds(country: str) -> float:
    return seconds_of(lambda: _load(country))


def test_the_whole_country_is_checked_while_libyaml_reads_it_thrice(
    country: str, valid_seconds: float
) -> None:
    reading = seconds_of(lambda: yaml.compose(country, Loader=yaml.CSafeLoader))
    assert valid_seconds < 3 * reading
    loaded = _load(country)
    assert loaded.registry is not None
    assert len(loaded.registry.tenants) == 1741
    # office ranges that all share and other prefectures are one warning each, not 1,741
    assert 1 <= len(loaded.problems) <= 257 + 46
    assert {one.severity for one in loaded.problems} == {"warning"}


BROKEN: dict[str, tuple[Callable[[str], str], int]] = {
    "a misspelt key in each": (lambda text: text.replace("    lgwan:", "    lgwans:"), 1741),
    "a wrong kind in each": (lambda text: text.replace("    kind: ", "    kind: x"), 1741),
    "one LGWAN range for all": (
        lambda text: text.replace("    lgwan: [10.", "    lgwan: [10.200.0.0/24, 11."),
        1740,
    ),
    "a refused setting in each": (
        lambda text: text.replace("payment: pay-easy", "payment: x"),
        1741,
    ),
    "one slug for all": (lambda text: text.replace("    slug: m", "    slug: same #"), 1740),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_error_of_the_whole_country_takes_little_more_than_none(
    country: str, valid_seconds: float, name: str
) -> None:
    change, count = BROKEN[name]
    broken = change(country)
    loaded = _load(broken)
    assert loaded.registry is None
    assert sum(one.severity == "error" for one in loaded.problems) == count
    assert seconds_of(lambda: _load(broken), repeats=1) < 4 * valid_seconds


def test_adding_to_the_whole_country(country: str, valid_seconds: float, project: Path) -> None:
    before = country.encode()
    registry = load_content(project / "tenants.yaml", before).registry
    assert registry is not None
    added: list[TenantAdded] = []

    def add() -> None:
        network = IPv4Network("10.64.0.0/20")
        added.append(add_tenant(registry, before, NewTenant("270008"), lambda _registry: network))

    assert seconds_of(add, repeats=1) < 20 * valid_seconds
    assert added[0].content.startswith(before)
