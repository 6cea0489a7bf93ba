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
    (["git", "-c", "alias.x=!echo '{{ body }}'", "x"], "read as a program"),
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
    (["git", "-c", "{{ body }}", "status"], "read as a program"),
    (["git", "-c", {"if": "loud", "then": ["a=b"]}, "{{ body }}"], "cannot be below `if`"),
    (["git", {"if": "loud", "then": ["-c"]}, "{{ body }}"], "read as a program"),
    (["sudo", "-u", "moyai", "/usr/bin/git", "-c", "{{ body }}", "fetch"], "read as a program"),
    (["rsync", "-e", "{{ body }}", "a", "b"], "read as a program"),
    (["rsync", "-a", "--rsh", "{{ body }}", "a", "b"], "read as a program"),
    (["tar", "-cf", "x", "--checkpoint-action", "{{ body }}", "."], "read as a program"),
    (["tar", "-I", "{{ body }}", "-cf", "x", "."], "read as a program"),
    (["scp", "-o", "{{ body }}", "a", "b"], "read as a program"),
    (["find", ".", "-exec", "{{ body }}", ";"], "read as a program"),
    (["find", ".", "-exec", "{{ body }}", "sh", ";"], "read as a program"),
    (["find", ".", "-exec", "git", "-c", "{{ body }}", ";"], "read as a program"),
    (["xargs", "{{ body }}"], "read as a program"),
    (["socat", "-", "{{ body }}"], "read as a program"),
    (["make", "--eval", "{{ body }}"], "read as a program"),
    (["ssh", "-o", "{{ body }}", "host"], "read as a program"),
    (["node", "-e", "{{ body }}"], "read as a program"),
    (["psql", "-c", "{{ body }}"], "read as a program"),
    (["sh", "-c", 'python3 -c "$1"', "sh", "{{ body }}"], "python would read a variable's value"),
    (["sh", "-c", 'cd x && git -c "a=$1" fetch', "sh", "{{ body }}"], "git would read"),
    (["sh", "-c", 'if true; then git -c"$1" fetch; fi', "sh", "{{ body }}"], "git would read"),
    (["sh", "-c", 'x=$1; rsync --rsh="$x" a b', "sh", "{{ body }}"], "rsync would read"),
    (["sh", "-c", "tar --checkpoint-action=exec=$1 -cf x y", "sh", "{{ body }}"], "tar would read"),
    (["sh", "-c", 'psql -c "select $1"', "sh", "{{ body }}"], "psql would read"),
    (["sh", "-c", 'find x -exec "$1" {} +', "sh", "{{ body }}"], "find would read"),
    (["sh", "-c", 'sed "s/a/$1/" x', "sh", "{{ body }}"], "sed would read"),
    (["sh", "-c", 'cat x | sudo -u y awk "$1"', "sh", "{{ body }}"], "sudo would read"),
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
        ["git", "-c", "a=b", "log", "{{ body }}"],
        ["rsync", "-e", "ssh -p 22", "{{ body }}", "there:"],
        ["tar", "--use-compress-program=zstd", "-cf", "x", "{{ body }}"],
        ["find", "{{ body }}", "-exec", "rm", "{{ body }}", ";"],
        ["grep", "-e", "a", "-c", "{{ body }}"],
        ["sh", "-c", "awk '{print $1}' \"$1\" | sort -k 2", "sh", "{{ body }}"],
        ["sh", "-c", 'git -c a=b log "$1"', "sh", "{{ body }}"],
        ["sh", "-c", 'python3 -c "print(1)" "$1" > "$1"', "sh", "{{ body }}"],
        ["sh", "-c", 'sed -n 1p "$1"; X="$1" date', "sh", "{{ body }}"],
        ["sh", "-c", 'for one in "$@"; do logger "body $one"; done', "sh", "{{ body }}"],
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
