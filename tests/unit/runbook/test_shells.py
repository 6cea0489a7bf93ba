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


WHOLLY_CODE: list[list[object]] = [
    ["ssh", "{{ body }}"],
    ["ssh", "-l", "moyai", "{{ body }}", "uptime"],
    ["scp", "{{ body }}", "b"],
    ["rsync", "-a", "{{ body }}", "there:"],
    ["sqlite3", "x", "{{ body }}"],
    ["gdb", "-ex", "{{ body }}"],
    ["man", "-P", "{{ body }}", "ls"],
    ["m4", "{{ body }}"],
    ["ed", "{{ body }}"],
    ["vim", "{{ body }}"],
    ["less", "{{ body }}"],
    ["make", "{{ body }}"],
    ["crontab", "{{ body }}"],
    ["at", "{{ body }}"],
    ["perl", "-ne", "print", "{{ body }}"],
    ["zsh", "-c", 'echo "$1"', "zsh", "{{ body }}"],
    ["awk", "-f", "{{ body }}"],
    ["sed", "-n", "{{ body }}", "x"],
    ["sed", "-f", "{{ body }}", "x"],
    ["setpriv", "{{ body }}"],
    ["tar", "--checkpoint-act", "{{ body }}", "-cf", "x", "."],
    ["tar", "cfI", "x", "{{ body }}", "."],
    ["psql", "-Atc", "{{ body }}"],
    ["psql", "--comm", "{{ body }}"],
    ["mysql", "-Ne", "{{ body }}"],
    ["sed", "-e", "p", "-ne", "{{ body }}", "x"],
    ["ruby", "-e", "p", "-e", "{{ body }}"],
    ["curl", "-sK", "{{ body }}"],
    ["unshare", "-r", "{{ body }}"],
    ["find", ".", "-exec", "sh", "-c", "ls", ";", "-exec", "sh", "-c", "{{ body }}", ";"],
    ["systemd-run", "{{ body }}"],
    ["strace", "{{ body }}"],
    ["docker", "exec", "x", "{{ body }}"],
    ["docker", "run", "{{ body }}"],
    ["git", "-C", "x", "{{ body }}"],
    ["unknown-program", "sh", "-c", "{{ body }}"],
    ["unknown-program", "--", "sudo", "{{ body }}"],
]
TEXTS: list[tuple[str, str]] = [
    ("if [[ $1 -gt 5 ]]; then echo big; fi", '"$1"'),
    ('if [[ "$1" -gt 5 ]]; then echo big; fi', "[[ cannot stand"),
    ('[ "$1" -gt 5 ]', "no value as a number"),
    ('[ "$1" "$2" ]', "no value as a number"),
    ('test -v "$1"', "no value as a number"),
    ('trap "$1" EXIT', "has to be fixed"),
    ("trap 'eval \"$1\"' EXIT", "trap's text: eval cannot stand"),
    ('printf %s "$1" | python3', "python3 cannot stand"),
    ('printf %s "$1" | sh', "sh cannot stand"),
    ('printf "$1"', "format has to be fixed"),
    ('printf -v "$1" x', "format has to be fixed"),
    ('printf %d "$1"', "format has to be fixed"),
    ('exec "$@"', "the name has to be fixed"),
    ('alias a="$1"; a', "alias cannot stand"),
    ('let "$1"', "let cannot stand"),
    ("(( x = $1 ))", "'(' cannot stand outside quotes"),
    ('echo "$(( $1 ))"', "without `…`, $(…), $((…))"),
    ("echo $(( $1 ))", "it cannot have $(…)"),
    ('declare "$1"', "declare cannot stand"),
    ('echo "${1@P}"', "without `…`"),
    ('echo "${!1}"', "without `…`"),
    ('mapfile -C "$1" -c 1 x < /etc/hosts', "mapfile cannot stand"),
    ('read "$1" < /dev/null', "read is written"),
    ('awk "$1"', "awk cannot stand"),
    ('sed -e "$1" f', "sed cannot stand"),
    ('set -- "$1"; "$@"', "fixed options only"),
    ('PS4="$1"; set -x', "PS4 cannot be assigned"),
    ('BASH_ENV="$1" sort x', "BASH_ENV cannot be assigned"),
    ('a["$1"]=1', "the name has to be fixed"),
    ("cat << E\n$1\nE", "redirections are"),
    ('sh <<< "$1"', "redirections are"),
    ('sh < "$1"', "sh cannot stand"),
    ('echo "$1" > x; ./x', "./x cannot stand"),
    ('sort "--compress-program=$1" x', "sort takes values"),
    ('sort --compress-program "$1" x', "sort cannot have --compress-program"),
    ('sort --compress-prog "$1" x', "sort cannot have --compress-prog"),
    ('curl -sK "$1"', "curl cannot have -sK"),
    ('x="-o$1"; sort "$x"', "sort takes values"),
    ('find . -exec cat "$1" +', "find cannot have -exec"),
    ('moyai sandbox psql "$1" chat -c "$2"', "psql cannot stand"),
    ('case "$1" in a) echo;; esac', "outside quotes"),
    ('f() { "$@"; }', "outside quotes"),
    ('[ ""{"$1","$2"} ]', "{ and } only group"),
    ('[ "$1"{,x} ]', "{ and } only group"),
    ("coproc cat", "coproc cannot stand"),
    ("for x do echo; done", "a loop is written"),
    ('for PATH in "$1"; do ls; done', "small letters"),
    ('echo "$1', "a quote is not closed"),
    ('echo "$1" >', "a redirection has no target"),
    ("echo 'a'$'b'", "it cannot have $(…)"),
    ("sudo -s echo", "sudo cannot have -s"),
]
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
    (["sh", "-c", 'echo "$(eval "$1")"', "sh", "{{ body }}"], "without `…`, $(…)"),
    (["sh", "-c", 'echo `eval "$1"`', "sh", "{{ body }}"], "'`' cannot stand outside quotes"),
    (["sh", "-c", 'ssh host "$1"', "sh", "{{ body }}"], "ssh cannot stand"),
    (["sh", "-c", 'eval "$1"', "sh", "{{ body }}"], "eval cannot stand"),
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
    (["sh", "-c", 'python3 -c "$1"', "sh", "{{ body }}"], "python3 cannot stand"),
    (["sh", "-c", 'cd x && git -c "a=$1" fetch', "sh", "{{ body }}"], "git cannot stand"),
    (["sh", "-c", 'if true; then git -c"$1" fetch; fi', "sh", "{{ body }}"], "git cannot stand"),
    (["sh", "-c", 'x=$1; rsync --rsh="$x" a b', "sh", "{{ body }}"], '"$1"'),
    (["sh", "-c", 'tar "--checkpoint-action=exec=$1" -cf x y', "sh", "{{ body }}"], "tar cannot"),
    (["sh", "-c", 'psql -c "select $1"', "sh", "{{ body }}"], "psql cannot stand"),
    (["sh", "-c", 'find x -exec "$1" {} +', "sh", "{{ body }}"], "{ and } only group"),
    (["sh", "-c", 'sed "s/a/$1/" x', "sh", "{{ body }}"], "sed cannot stand"),
    (["sh", "-c", 'cat x | sudo -u y awk "$1"', "sh", "{{ body }}"], "awk cannot stand"),
    (["sh", {"if": "loud", "then": ["-c"]}, "echo {{ body }}"], "cannot be below `if`"),
    *((run, "read as a program") for run in WHOLLY_CODE),
    *((["bash", "-c", text, "bash", "{{ body }}"], says) for text, says in TEXTS),
    (["find", "{{ body }}", "-exec", "sh", "-c", 'eval "$1"', "sh", "{}", ";"], "eval cannot"),
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
        ["python3", "-c", "import sys; print(sys.argv[1])", "{{ body }}"],
        ["grep", "-c", "sh", "{{ body }}"],
        ["echo", "{{ body }}", "{{person}}"],
        ["timeout", "5", "sh", "-c", 'echo "$1"', "sh", "{{ body }}"],
        ["awk", "{print $1}", "{{ body }}"],
        ["git", "-c", "a=b", "log", "{{ body }}"],
        ["tar", "--use-compress-program=zstd", "-cf", "x", "{{ body }}"],
        ["find", "{{ body }}", "-exec", "rm", "{{ body }}", ";"],
        ["grep", "-e", "a", "-c", "{{ body }}"],
        [
            "sh",
            "-c",
            'cut -d , -f 2 "$1" | sort -k 2 | tee "$1.txt" > /dev/null',
            "sh",
            "{{ body }}",
        ],
        ["sh", "-c", 'if [ ! -f "$1" ] || test "$1" = x; then exit 1; fi', "sh", "{{ body }}"],
        ["sh", "-c", 'printf \'%s\\n\' "$@" >> "$0" 2>&1 # it\'s "$1', "{{ body }}", "a"],
        ["sh", "-c", 'set -eu; x="$1/b"; LC_ALL=C sort -- "$x" & wait "$!"', "sh", "{{ body }}"],
        ["sh", "-c", 'while read -r x; do echo "${x}団体 \\$ $#"; done < "$1"', "sh", "{{ body }}"],
        [
            "sh",
            "-c",
            'moyai status "$1" && \\\n sudo -n -u a timeout 5 cat "$1"',
            "sh",
            "{{ body }}",
        ],
        ["sh", "-c", 'find "$1" -name "$2" -mtime +3 | curl --data @- "$1"', "sh", "{{ body }}"],
        ["docker", "logs", "{{ body }}"],
        ["tar", "czf", "{{ body }}", "x"],
        ["psql", "-At", "-d", "{{ body }}"],
        ["python3", "-c", "print(1)", "-c", "{{ body }}"],
        ["find", "a", "-exec", "sh", "-c", 'ls $(eval "$1")', "sh", "{}", ";"],
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
