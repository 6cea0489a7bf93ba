"""The result line, as both halves know it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.jobs import results, runner
from moyai.jobs.credentials import Login, new_login

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), _json, max_size=5), st.text(max_size=50))
def test_what_is_written_is_found_among_other_lines(fields: dict[str, object], noise: str) -> None:
    line = results.line_of("health", ok=True, milliseconds=1.25, fields=fields)
    assert "\n" not in line
    found = results.find([noise.replace("MOYAI", ""), line, results.MARK + "{cut"])
    assert found == {"verb": "health", "ok": True, "ms": 1.2, **fields}


@given(st.lists(st.text()))
def test_a_log_of_anything_gives_no_traceback(lines: list[str]) -> None:
    found = results.find([*lines, *(results.MARK + line for line in lines)])
    assert found is None or isinstance(found, dict)


def test_a_login_never_shows_its_password() -> None:
    login = new_login("somebody")
    assert len({new_login("x").password for _ in range(50)}) == 50
    assert login.password not in f"{login} {login!r} {[login]}"
    assert Login("a", "b") == Login("a", "b")


def test_an_unknown_verb_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["drop-everything"], {}) == 2
    assert runner.run([], {}) == 2
    assert "database-create" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(runner.VERBS))
def test_missing_variables_are_named(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run([verb], {}) == 4
    found = results.find(capsys.readouterr().out.splitlines())
    assert found is not None
    assert (found["verb"], found["ok"], found["code"]) == (verb, False, "missing-variable")
    assert "DATABASE_HOST" in found["reason"]["ja"]


def test_a_service_cannot_lead_out_of_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    given_ = dict.fromkeys(("DATABASE_HOST", "DATABASE_NAME", "APP_ROLE", "OWNER_SECRET"), "x")
    given_ |= {"DATABASE_PORT": "1", "SCHEMA_VERSION": "1", "SERVICES_DIR": "/"}
    assert runner.run(["migrate"], {**given_, "SERVICE": "../etc"}) == 4
    assert '"wrong-variable"' in capsys.readouterr().out


def test_a_bug_tells_its_place_but_not_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("password=hunter2")

    monkeypatch.setattr("moyai.jobs.settings.inspect_job", broken)
    assert runner.run(["database-inspect"], {}) == 1
    written = capsys.readouterr()
    assert '"bug"' in written.out
    assert "ValueError" in written.err
    assert "hunter2" not in written.out + written.err


def test_the_inside_half_needs_none_of_the_operators_tools() -> None:
    code = (
        "import sys, moyai.jobs.runner; "
        "print([m for m in ('pulumi', 'boto3', 'pydantic', 'grpc', 'typer', 'moyai.registry') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_task_without_a_region_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("DATABASE_HOST", "DATABASE_NAME", "APP_ROLE", "OWNER_ROLE", "MASTER_SECRET")
    environment = {**dict.fromkeys(names, "x"), "DATABASE_PORT": "1", "AWS_ENDPOINT_URL": "x"}
    assert runner.run(["database-inspect"], environment) == 4
    assert '"code":"aws:' in capsys.readouterr().out
