"""Options after which a program reads its next word as a program, or as what starts one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_TAR = frozenset(
    {
        *("--checkpoint-action", "--to-command", "-I", "--use-compress-program", "-F"),
        *("--info-script", "--new-volume-script", "--rsh-command", "--rmt-command"),
    }
)
_EDITOR = frozenset({"-c", "--cmd", "-S"})
_REMOTE = frozenset({"-o", "-S", "-F", "-D"})
CODE_OPTIONS: Mapping[str, frozenset[str]] = {
    "curl": frozenset({"-K", "--config"}),
    "docker": frozenset({"--entrypoint"}),
    "ex": _EDITOR,
    "fd": frozenset({"-x", "-X", "--exec", "--exec-batch"}),
    "find": frozenset({"-exec", "-execdir", "-ok", "-okdir"}),
    "gdb": frozenset({"-ex", "-x", "--eval-command", "--command"}),
    "git": frozenset(
        {
            *("-c", "--config", "--config-env", "--exec-path", "-x", "--exec", "--extcmd"),
            *("--upload-pack", "--receive-pack"),
        }
    ),
    "hg": frozenset({"--config"}),
    "make": frozenset({"--eval", "-f", "--file", "--makefile"}),
    "man": frozenset({"-P", "--pager"}),
    "mysql": frozenset({"--pager", "--init-command"}),
    "nc": frozenset({"-e", "-c"}),
    "ncat": frozenset({"-e", "-c", "--exec", "--sh-exec", "--lua-exec"}),
    "node": frozenset({"-r", "--require", "--import"}),
    "nvim": _EDITOR,
    "perl": frozenset({"-M", "-m", "-I"}),
    "php": frozenset({"-d", "-B", "-R", "-F", "-E"}),
    "podman": frozenset({"--entrypoint"}),
    "psql": frozenset({"-o", "--output"}),
    "rsync": frozenset({"-e", "--rsh", "--rsync-path"}),
    "ruby": frozenset({"-r", "-I"}),
    "scp": _REMOTE,
    "sftp": _REMOTE,
    "sort": frozenset({"--compress-program"}),
    "split": frozenset({"--filter"}),
    "tar": _TAR,
    "bsdtar": _TAR,
    "gtar": _TAR,
    "vi": _EDITOR,
    "vim": _EDITOR,
    "wget": frozenset({"-e", "--execute", "--use-askpass"}),
    "zip": frozenset({"-TT", "--unzip-command"}),
}
"""By a program's name, beside what `shells` knows of interpreters and of programs that start others."""


def after_options(words: Sequence[str], names: Iterable[str]) -> list[int]:
    """The places of words that stand right after such an option of a program named before them.

    `names`: the words as names of programs. Wherever the program's name stands, as others may start it.
    """
    found, options = list[int](), frozenset[str]()
    for place, name in enumerate(names):
        if place and words[place - 1] in options:
            found.append(place)
        options |= CODE_OPTIONS.get(name, frozenset())
    return found


def is_within_option(word: str, options: Iterable[str]) -> bool:
    """Whether a word is one of some options with its own word in it: `--rsh=ssh`, `-essh`."""
    return any(
        word.startswith(f"{one}=")
        or (len(one) == 2 and word.startswith(one) and word != one and not word.startswith("--"))
        for one in options
    )
