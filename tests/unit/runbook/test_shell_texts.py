"""A text that may be given values, and a real shell that is given hostile ones: none of them is ever run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from moyai.runbook.shell_text import why_unsafe

SHELLS = [name for name in ("bash", "dash", "sh") if shutil.which(name)]
MARK = "was-run"
ARITHMETIC = f"a[$(touch {MARK})]"
VALUES = [
    *(ARITHMETIC, "-v", f"$(touch {MARK})", f"`touch {MARK}`", f"; touch {MARK}", f"x\ntouch {MARK}"),
    *(f"touch {MARK}", f"'; touch {MARK}; '", f'"; touch {MARK}; "', f'\\"; touch {MARK} #', "!", "=", "("),
    *(f"/dev/null; touch {MARK}", f"' touch {MARK} '", f"{{a,$(touch {MARK})}}", f"団体$(touch {MARK})"),
]  # fmt: skip


def is_run(shell: str, text: str, first: str, second: str) -> bool:
    """Whether a shell runs one of two values that a text is given. What it leaves running is ended."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [shell, "-c", f"ulimit -f 100; {text}", shell, first, second],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
        if "&" in text:
            time.sleep(0.02)  # for what is in the background
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return (Path(folder) / MARK).exists()


RUN = [
    ("if [[ $1 -gt 5 ]]; then echo big; fi", ARITHMETIC, "bash"),
    ('trap "$1" EXIT', f"touch {MARK}", "sh"),
    ('printf %s "$1" | sh', f"touch {MARK}", "sh"),
    ('test -v "$1"', ARITHMETIC, "bash"),
    ('[ "$1" "$2" ]', "-v", "bash"),
    ('[ ""{"$1","$2"} ]', "-v", "bash"),
    ("echo $(( $1 ))", ARITHMETIC, "bash"),
    ('echo "${1@P}"', f"$(touch {MARK})", "bash"),
    ('exec "$@"', "touch", "sh"),
    ('PS4="$1"; set -x; :', f"$(touch {MARK})", "bash"),
    ('eval "echo $1"', f"; touch {MARK}", "sh"),
    ('let "$1"', ARITHMETIC, "bash"),
]


@pytest.mark.parametrize(("text", "value", "shell"), RUN, ids=[one[0] for one in RUN])
def test_what_is_refused_does_run_values(text: str, value: str, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    assert why_unsafe(text) is not None
    assert is_run(shell, text, value, ARITHMETIC if value == "-v" else MARK)


COMMANDS = [
    *('echo "$1"', 'echo "a $1b" "${2}" \'$1\'', "printf '%s\\n' \"$@\"", 'cat -- "$1" "$*"', "true"),
    *('[ "$1" = "$2" ]', 'test ! -f "$1"', '[ -n "$2" ]', '[ ! "$1" != x ]', '[ "$#" -eq 2 ]'),
    *('x="$1"; echo "$x" "${x}y"', 'for one in "$@" "$2"; do echo "$one"; done', 'cd -- "$1"'),
    *("trap 'echo \"$1\"' EXIT", 'if [ -e "$1" ]; then ls "$1"; else wc "$2"; fi', "set -eux"),
    *('while read -r x; do echo "$x"; done < "$1"', 'echo "$1" | tee "$2"', 'echo "$1" > "$2" 2>&1'),
    *('sort -- "$1"', '{ echo "\\$1 \\"$1\\" \\\\"; }', "! grep -F -- \"$1\" /dev/null", "exit $?"),
    *('x="a$1" y="${2}" cat "$1"', 'exec echo "$1"', 'command printf %s "$1" | cut -c 1-3 | sort'),
]  # fmt: skip
JOINS = [";", "\n", " && ", " || ", " | ", " & ", "; : # it's \"$1\n", " && \\\n "]
NOISE = [
    *("'", '"', "\\", "\n", " ", "#", "$", "`", "(", ")", "{", "}", ",", "<", ">", "&", "|", ";", "!", "["),
    *("=", "$1", '"$1"', "'$1'", "$@", '"$@"', "${1}", "$(", "$((", "[[ ", " ]]", "((", "))", "<<", "<<<"),
    *(" -v ", " -eq ", " -o ", "eval ", "sh -c ", "let ", "$'", '$"', "case ", " in ", "x=", "PS4="),
    *("~", "*", "a[", "for ", " do ", "if ", " then ", "fi", "done", "\t", "2>&1", ">&", "あ", "%d", "-"),
    *("test ", "declare "),
]  # fmt: skip


@some.composite
def texts(draw: some.DrawFn) -> str:
    """Plain commands, with up to three things put in where they may change how it is all read."""
    words = draw(some.sampled_from(COMMANDS))
    for _ in range(draw(some.integers(0, 3))):
        words += draw(some.sampled_from(JOINS)) + draw(some.sampled_from(COMMANDS))
    for _ in range(draw(some.integers(0, 3))):
        place = draw(some.integers(0, len(words)))
        words = words[:place] + draw(some.sampled_from(NOISE)) + words[place:]
    return words


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts(), some.sampled_from(VALUES), some.sampled_from(VALUES))
def test_no_shell_runs_a_value_of_a_text_that_may_be_given_one(
    text: str, first: str, second: str
) -> None:
    if why_unsafe(text) is None:
        for shell in SHELLS[:2]:
            assert not is_run(shell, text, first, second), shell


@settings(max_examples=80)
@given(some.lists(some.tuples(some.sampled_from(COMMANDS), some.sampled_from(JOINS)), min_size=1))
def test_plain_commands_may_be_given_values_however_they_are_joined(
    parts: list[tuple[str, str]],
) -> None:
    assert why_unsafe("".join(command + join for command, join in parts) + "true") is None


@given(some.text(max_size=40) | texts())
def test_any_text_is_taken_or_refused_in_words(text: str) -> None:
    why = why_unsafe(text)
    assert why is None or (why.ja and why.en and why.ja != why.en)
