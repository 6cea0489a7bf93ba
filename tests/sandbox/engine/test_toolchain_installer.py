"""The official installer, as the SDK fetches and runs it; only its site is on the loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from installer_site import installer_site
from toolchain_machine import Machine, make_machine

from moyai.engine.toolchain import VERSION, Step, ensure
from moyai.errors import OperationFailed

_GOOD = f"""#!/bin/sh
test "$1 $2 $4 $5" = "--no-edit-path --install-root --version {VERSION}" || exit 9
mkdir -p "$3/bin"
printf '#!/bin/sh\\ncase $1 in version) echo v{VERSION};; *) echo "[]";; esac\\n' >"$3/bin/pulumi"
chmod 755 "$3/bin/pulumi"
echo "installed"
"""
_BAD = """#!/bin/sh
echo "error: this kind of machine is not supported" >&2
exit 1
"""
_EMPTY = """#!/bin/sh
exit 0
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return make_machine(tmp_path, monkeypatch)


def lead(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_installer_comes_before_the_build(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.go()
    steps: list[Step] = []
    with installer_site(machine.folder, _GOOD) as variables:
        lead(monkeypatch, variables)
        engine = ensure(steps.append)
    assert engine.origin == "installer"
    assert engine.path == machine.cached
    assert [step.kind for step in steps] == ["trying", "checking", "ready"]
    assert machine.calls("build") == []
    assert capfd.readouterr() == (
        "",
        "",
    )  # what the installer prints is not for the caller's screen
    assert not (machine.folder / "home" / ".pulumi").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [(_BAD, "this kind of machine is not supported"), (_EMPTY, "No such file or directory")],
)
def test_installer_that_fails_says_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    with installer_site(machine.folder, script) as variables:
        lead(monkeypatch, variables)
        with pytest.raises(OperationFailed, match="official installer") as caught:
            ensure()
    assert reason in caught.value.what.en
    assert not list((machine.folder / "cache").rglob("pulumi"))
