"""A value in what a shell reads stays a word; what cannot be made safe is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from tests.unit.runbook.books import BOOK, loaded

from moyai.runbook.commands import arguments
from moyai.runbook.model import Argument
from moyai.runbook.shells import Reader, readings

ACTS = BOOK[
    BOOK.index("    run:\n      - moyai") : BOOK.index("    timeout_seconds: 60\n    idempotency")
]


def faults(run: Sequence[object]) -> list[str]:
    """What is said of a command with the values `body` and `person`."""
    text = BOOK.replace(ACTS, f"    run: {json.dumps(run)}\n")
    return [one.render("en") for one in loaded(text).problems]


SAFE = [
    "echo {{ body }}",
    "env | sort; echo {{ body }}",
    "cd /tmp && printf '%s\\n' {{ body | sh }}",
    'x={{ body }}; echo "$x"',
    "export X={{ body }}; env",
    "if true; then echo a {{ body }}-{{ person }} >&2; fi",
    'echo "${HOME}" $(echo {{ body }}) 2>/dev/null # done',
    "echo it > {{ body }}",
    "test {{ body }} = a || exit 1",
    "echo \\\\{{ body }}",
]


@pytest.mark.parametrize("text", SAFE)
def test_a_value_that_is_a_word_is_taken(text: str) -> None:
    assert faults(["sh", "-c", text]) == []


UNSAFE = [
    ("echo '{{ body }}'", "within quotes"),
    ('echo "{{ body }}"', "within quotes"),
    ('echo "$(echo "{{ body }}")"', "$(…) within quotes"),
    ("echo $(echo '{{ body }}')", "within quotes"),
    ("cat <<X\n{{ body }}\nX", "here-documents"),
    ("eval {{ body }}", "eval would read"),
    ("eval {{ body | sh }}", "eval would read"),
    ("{{ body }}", "a program's name"),
    ("true && {{ body }} x", "a program's name"),
    ("sudo {{ body }}", "a program's name"),
    ("./{{ body }}", "a program's name"),
    ("echo ${{ body }}", "follows $"),
    ("echo \\{{ body }}", "follows \\"),
    ("echo `echo {{ body }}`", "`…`"),
    ("echo $(( {{ body }} ))", "((…))"),
    ("echo ${x:-{{ body }}}", "${…}"),
    ("echo $'a' {{ body }}", "$'…'"),
    ("# {{ body }}\ntrue", "within a comment"),
    ("# it's\necho {{ body }}", "quotes in comments"),
    ("ssh host echo {{ body }}", "ssh would read"),
    ("bash -c {{ body }}", "bash would read"),
    ("read {{ body }}", "read would read"),
    ("export {{ body }}", "export would read"),
    ("python3 -c {{ body }}", "python would read"),
    ("trap {{ body }} EXIT", "trap would read"),
    ("[ -v {{ body }} ]", "[ would read"),
    ("[ {{ body }} -gt 1 ]", "[ would read"),
    ("printf '%d' {{ body }}", "printf would read"),
    ("exit {{ body }}", "exit would read"),
    ("x={{ body }}; $x now", "a variable's value would be a program"),
    ('x={{ body }}; true && "${x}"', "a variable's value would be a program"),
    ("[[ {{ body }} -eq 1 ]]", "[[…]]"),
    ("echo 'a {% if body == 'x' %}'{% endif %}{{ body }}", "{% if %}"),
]


@pytest.mark.parametrize(("text", "says"), UNSAFE, ids=[one[0] for one in UNSAFE])
def test_a_value_that_quoting_does_not_make_safe_is_refused(text: str, says: str) -> None:
    found = faults(["sh", "-c", text])
    assert any(says in one for one in found), found


PROGRAMS: list[tuple[list[object], str]] = [
    (["python3", "-c", "print({{ body }})"], "read as a program"),
    (["python3", "{{ body }}"], "read as a program"),
    (["awk", "{print {{ body }}}"], "read as a program"),
    (["sed", "-e", "s/a/{{ body }}/"], "read as a program"),
    (["psql", "-c", "select {{ body }}"], "read as a program"),
    (["perl", "-e", "{{ body }}"], "read as a program"),
    (["sh", "{{ body }}"], "read as a program"),
    (["env", "{{ body }}"], "read as a program"),
    (["sudo", "-u", "moyai", "{{ body }}"], "read as a program"),
    (["env", "-S", "sh -c {{ body }}"], "read as a program"),
    (["fish", "-c", "echo {{ body }}"], "read as a program"),
    (["su", "-c", "echo {{ body }}"], "read as a program"),
    (["ssh", "-o", "ProxyCommand={{ body }}", "host"], "read as a program"),
    (["ssh", "host", "echo '{{ body }}'"], "within quotes"),
    (["sudo", "-u", "moyai", "/bin/bash", "-ec", "echo '{{ body }}'"], "within quotes"),
    (["sudo", "--user", "moyai", "sh", "-c", "echo '{{ body }}'"], "within quotes"),
    (["docker", "exec", "x", "sudo", "sh", "-c", "echo '{{ body }}'"], "within quotes"),
    (["xargs", "-n", "1", "sh", "-c", 'echo "{{ body }}"'], "within quotes"),
    (["busybox", "sh", "-c", 'echo "{{ body }}"'], "within quotes"),
    (["find", ".", "-exec", "sh", "-c", 'echo "{{ body }}"', ";"], "within quotes"),
    (["sh", "-c", 'eval "$1"', "sh", "{{ body }}"], "eval would read"),
    (["sh", "-c", '"$1" now', "sh", "{{ body }}"], "a variable's value would be a program"),
    (["sh", {"if": "loud", "then": ["-c"]}, "echo {{ body }}"], "cannot be below `if`"),
]


@pytest.mark.parametrize(("run", "says"), PROGRAMS, ids=[json.dumps(one[0]) for one in PROGRAMS])
def test_a_value_that_would_be_a_program_is_refused(run: list[object], says: str) -> None:
    found = faults(run)
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    "run",
    [
        ["sh", "-c", 'echo "$1"', "sh", "{{ body }}"],
        ["sh", "-c", "trap 'rm -f x' EXIT; echo \"$1\"", "sh", "{{ body }}"],
        ["sh", "-c", 'cd /tmp && "$@"', "sh", "ls", "{{ body }}"],
        ["python3", "-c", "import sys; print(sys.argv[1])", "{{ body }}"],
        ["grep", "-c", "sh", "{{ body }}"],
        ["env", "X={{ body }}", "date"],
        ["ssh", "-l", "moyai", "host", "echo {{ body }}"],
        ["timeout", "5", "sh", "-c", "echo {{ body }}"],
        ["curl", "https://example.jp/{{ body }}"],
        ["awk", "{print $1}", "{{ body }}"],
    ],
    ids=json.dumps,
)
def test_a_value_that_is_only_an_argument_is_taken(run: list[object]) -> None:
    assert faults(run) == []


def test_who_reads_a_word_is_known_through_other_programs() -> None:
    found = readings(
        ["sudo", "-u", "x", "env", "A=b", "bash", "-o", "pipefail", "-c", "text", "$0"]
    )
    assert [i for i, one in enumerate(found.of) if one is Reader.SHELL] == [9]
    assert found.of[10] is Reader.PROGRAM


words = some.text(
    some.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=40
)
hostile = words | some.lists(
    some.sampled_from(
        ["'", '"', "\\", "$(touch PWN)", "`touch PWN`", "; touch PWN", "\n", "$", "!", "#", "|"]
    ),
    max_size=8,
).map("".join)
SHELLS = [one for one in ("sh", "bash", "dash", "zsh", "ksh") if shutil.which(one)]
TEXTS = [
    "printf '%s' {{ t }}",
    "printf '%s' {{ t | sh }}",
    'x={{ t }}; printf %s "$x"',
    "printf %s $(:){{ t }}",
]


@pytest.mark.parametrize("shell", SHELLS)
@settings(deadline=None, max_examples=60)
@given(t=hostile)
@example(t="x; $(touch PWN1); touch PWN2")
@example(t="'\"'\"'; touch PWN; '")
@example(t="")
def test_a_shell_gets_exactly_the_value(
    tmp_path_factory: pytest.TempPathFactory, shell: str, t: str
) -> None:
    folder = _folder(tmp_path_factory)
    for text in TEXTS:
        argv = arguments((Argument(("env", shell, "-c", text)),), {"t": t})
        found = subprocess.run(argv, cwd=folder, capture_output=True, timeout=20, check=True)
        assert (found.stdout, found.stderr) == (t.encode(), b"")
    assert list(folder.iterdir()) == []


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("shell")
