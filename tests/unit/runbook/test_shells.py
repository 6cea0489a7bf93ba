"""A value is an argument of its own, and nothing that a shell or another program reads as a program."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from tests.unit.runbook.books import BOOK, loaded

from moyai.runbook.shells import Reader, readings

ACTS = BOOK[
    BOOK.index("    run:\n      - moyai") : BOOK.index("    timeout_seconds: 60\n    idempotency")
]


def faults(run: Sequence[object]) -> list[str]:
    """What is said of a command with the values `body` and `person`."""
    text = BOOK.replace(ACTS, f"    run: {json.dumps(run)}\n")
    return [one.render("en") for one in loaded(text).problems]


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
    (["ssh", "host", "echo '{{ body }}'"], "read as a program"),
    (["sudo", "-u", "moyai", "/bin/bash", "-ec", "echo '{{ body }}'"], "read as a program"),
    (["sudo", "--user", "moyai", "sh", "-c", "echo '{{ body }}'"], "read as a program"),
    (["docker", "exec", "x", "sudo", "sh", "-c", "echo '{{ body }}'"], "read as a program"),
    (["xargs", "-n", "1", "sh", "-c", 'echo "{{ body }}"'], "read as a program"),
    (["busybox", "sh", "-c", 'echo "{{ body }}"'], "read as a program"),
    (["find", ".", "-exec", "sh", "-c", 'echo "{{ body }}"', ";"], "read as a program"),
    (["sh", "-c", "echo {{ body }}"], "read as a program"),
    (["ssh", "host", "{{ body }}"], "read as a program"),
    (["ssh", "host", "echo", "{{ body }}"], "read as a program"),
    (["xargs", "sh", "-c", "{{ body }}"], "read as a program"),
    (["moyai", "sandbox", "psql", "272027", "eapp-a", "-c", "{{ body }}"], "read as a program"),
    (["moyai", "sandbox", "psql", "272027", "eapp-a", "-cselect {{ body }}"], "of its own"),
    (["git", "-c", "alias.x=!echo '{{ body }}'", "x"], "of its own"),
    (["tar", "--checkpoint-action=exec=echo {{ body }}", "-cf", "x", "."], "of its own"),
    (["curl", "https://example.jp/{{ body }}"], "of its own"),
    (["env", "X={{ body }}", "date"], "of its own"),
    (["grep", "{{ body }}{{ person }}"], "of its own"),
    (["grep", "{{ body | upper }}"], "of its own"),
    (["grep", "{% if body == 'a' %}{{ body }}{% endif %}"], "of its own"),
    (["sh", "-c", 'echo "$(eval "$1")"', "sh", "{{ body }}"], "within quotes"),
    (["sh", "-c", 'echo `eval "$1"`', "sh", "{{ body }}"], "within quotes"),
    (["sh", "-c", 'ssh host "$1"', "sh", "{{ body }}"], "ssh would read"),
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
        ["echo", "{{ body }}", "{{person}}"],
        ["ssh", "-l", "moyai", "{{ body }}", "uptime"],
        ["timeout", "5", "sh", "-c", "echo $1", "sh", "{{ body }}"],
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
