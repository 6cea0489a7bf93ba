"""What kinds are told while tenants.yaml is being edited: that nobody can say, and nothing of what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sample import lay_out

from moyai.operations.durable.carrying.failures import to_document
from moyai.operations.kinds.kind import Unreadable
from moyai.operations.kinds.site import SiteSource
from moyai.registry.problems import RegistryError


def test_a_bad_save_says_nothing_of_any_body_and_is_over_once_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    file = lay_out(tmp_path / "project")
    source, good = SiteSource(file, "sandbox"), file.read_text()
    source.session()
    file.write_text(good.replace('code: "271004"', 'code: "27100x"'))
    assert file.read_text() != good
    with pytest.raises(Unreadable) as raised:
        source.session()
    assert isinstance(raised.value.__cause__, RegistryError)
    assert "27100" not in str(to_document(raised.value))
    file.write_text(good)
    assert source.session().workspace.registry.tenant("271004") is not None
