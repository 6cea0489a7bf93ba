"""The guides to tenants.yaml say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.sample import SAMPLE

from moyai.registry.cost_file import (
    AwsBudgetFile,
    BudgetFile,
    CostSharingFile,
    DirectFile,
    FlowFile,
    InstalmentsFile,
    IssuerFile,
    PoolFile,
    PopulationRuleFile,
    RoundingFile,
    RuleSetFile,
    ShareFile,
    SubsidyFile,
    TaxFile,
)
from moyai.registry.file_model import (
    BackupFile,
    DefaultsFile,
    FederationFile,
    FormerKeyFile,
    OperatorFile,
    RegistryFile,
    ServiceFile,
    SiteFile,
    SubscriptionFile,
    TenantFile,
    WindowFile,
)
from moyai.registry.load import load_content
from moyai.registry.manifests import Folder, load_manifest
from moyai.registry.models import Manifest
from moyai.registry.operation_file import (
    BodyApproverFile,
    NotificationsFile,
    OperationsFile,
    SmtpFile,
    SnsFile,
    ToleranceFile,
    WaveFile,
    WebhookFile,
)
from moyai.registry.operation_settings import Event
from moyai.registry.selector import QUALITIES
from moyai.texts import Lang

REPOSITORY = Path(__file__).parents[3]
LANGUAGES: tuple[Lang, ...] = ("ja", "en")
GUIDES = ["tenants.ja.md", "tenants.en.md"]
MODELS = [
    RegistryFile, FederationFile, SiteFile, OperatorFile, FormerKeyFile, ServiceFile, DefaultsFile, TenantFile,
    SubscriptionFile, WindowFile, BackupFile,
    CostSharingFile, IssuerFile, InstalmentsFile, BudgetFile, AwsBudgetFile, RuleSetFile, PopulationRuleFile,
    RoundingFile, TaxFile, DirectFile, PoolFile, ShareFile, SubsidyFile, FlowFile,
    OperationsFile, WaveFile, ToleranceFile, NotificationsFile, SmtpFile, WebhookFile, SnsFile,
    BodyApproverFile,
]  # fmt: skip


@pytest.fixture(params=GUIDES)
def guide(request: pytest.FixtureRequest) -> str:
    return (REPOSITORY / "docs/guides" / request.param).read_text(encoding="utf-8")


def _blocks(guide: str) -> dict[str, str]:
    """YAML blocks by the key that they begin with."""
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    return {block.partition(":")[0]: block for block in blocks}


def test_its_smallest_file_is_valid(guide: str) -> None:
    whole = _blocks(guide)["federation"]
    assert load_content(SAMPLE, whole.encode()).problems == ()


def test_its_other_pieces_fit_into_it(guide: str) -> None:
    blocks = _blocks(guide)
    text = blocks["federation"].replace("services:\n", blocks["services"], 1)
    text = (
        blocks["x-nendo"]
        + blocks["sites"]
        + blocks["former_keys"]
        + blocks["cost_sharing"]
        + blocks["operations"]
        + text
    )
    assert load_content(SAMPLE, text.encode()).problems == ()


def test_it_names_every_key(guide: str) -> None:
    for model in MODELS:
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert re.search(rf"[`. ]{key}\b", guide), (model.__name__, key)


def test_it_names_every_event(guide: str) -> None:
    for event in Event:
        assert f"`{event.value}`" in guide


def test_it_names_every_kind_of_word_in_selectors(guide: str) -> None:
    for quality in QUALITIES:
        assert f"`{quality}:" in guide


def test_the_error_that_it_shows_is_the_one_that_comes(guide: str) -> None:
    shown = re.search(r"^tenants\.yaml:\d+:\d+: tenants\[272027\].*$", guide, re.MULTILINE)
    assert shown is not None
    sample = SAMPLE.read_text(encoding="utf-8")
    text = sample.replace("lgwan: [10.200.3.0/24]", "lgwan: [10.200.3.1/24]")
    problems = load_content(SAMPLE, text.encode()).problems
    assert shown.group() in {problem.render(lang) for problem in problems for lang in LANGUAGES}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_guide_to_services_has_a_whole_folder(tmp_path: Path, language: str) -> None:
    guide = (REPOSITORY / f"docs/guides/services.{language}.md").read_text(encoding="utf-8")
    for kind, name in (("yaml", "manifest.yaml"), ("json", "settings.schema.json")):
        (block,) = re.findall(rf"```{kind}\n(.*?)```", guide, re.DOTALL)
        (tmp_path / name).write_text(block, encoding="utf-8")
    found = load_manifest(Folder(tmp_path, "bunsho"), "bunsho", newest=1)
    assert isinstance(found, Manifest), found
