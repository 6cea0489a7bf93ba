"""The sample's foundation, made once for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sample import SAMPLE, lay_out

sys.path.insert(0, str(Path(__file__).parent))

from infra_federation import LAST_DAY_OF_CHAT, Federation
from sandboxes import open_sandbox

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import EmbeddedSite
from moyai.engine.toolchain import ensure


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSite]:
    """A site of its own: what is live there is counted."""
    site = open_sandbox(tmp_path_factory.mktemp("moyai-home"))
    site.start()
    yield site
    site.reset()


@pytest.fixture(scope="module")
def federation(
    sandbox: EmbeddedSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Federation]:
    """The sample, in which 岸和田市's chat ends with the year and AWS watches its budget, with its
    foundation."""
    folder = tmp_path_factory.mktemp("federation")
    head, mark, rest = SAMPLE.read_text(encoding="utf-8").partition("    slug: kishiwada\n")
    assert "{ service: chat, from: 2022-04-01 }" in rest
    ended = f"{{ service: chat, from: 2022-04-01, until: {LAST_DAY_OF_CHAT} }}"
    rest = rest.replace("{ service: chat, from: 2022-04-01 }", ended, 1)
    yen = "    - { fiscal_year: 2026, amount: 240000000 }\n"
    assert yen in head
    own = '    - { fiscal_year: 2026, body: "272027", amount: 1, aws: { monthly_usd: "99.50" } }\n'
    file = lay_out(folder, head.replace(yen, yen + own, 1) + mark + rest)
    with Driver(sandbox, ensure().path, 1, command="moyai deploy (test)") as driver:
        made = Federation(file, sandbox, driver)
        made.up("shared")
        made.up("cell-a")
        yield made
