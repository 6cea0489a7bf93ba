"""What programs read as code: the word after an option, all of their words, or nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_TAR = frozenset(
    {
        *("--checkpoint-action", "--to-command", "-I", "--use-compress-program", "-F"),
        *("--info-script", "--new-volume-script", "--rsh-command", "--rmt-command"),
    }
)
_TARS = frozenset({"tar", "bsdtar", "gtar"})
CODE_OPTIONS: Mapping[str, frozenset[str]] = {
    "curl": frozenset({"-K", "--config"}),
    "docker": frozenset({"--entrypoint"}),
    "fd": frozenset({"-x", "-X", "--exec", "--exec-batch"}),
    "find": frozenset({"-exec", "-execdir", "-ok", "-okdir"}),
    "git": frozenset(
        {
            *("-c", "--config", "--config-env", "--exec-path", "-x", "--exec", "--extcmd"),
            *("--upload-pack", "--receive-pack"),
        }
    ),
    "hg": frozenset({"--config"}),
    "man": frozenset({"-P", "--pager"}),
    "mysql": frozenset({"--pager", "--init-command"}),
    "nc": frozenset({"-e", "-c"}),
    "ncat": frozenset({"-e", "-c", "--exec", "--sh-exec", "--lua-exec"}),
    "node": frozenset({"-r", "--require", "--import"}),
    "php": frozenset({"-d", "-B", "-R", "-F", "-E"}),
    "podman": frozenset({"--entrypoint"}),
    "psql": frozenset({"-o", "--output"}),
    "ruby": frozenset({"-r", "-I"}),
    "sort": frozenset({"--compress-program"}),
    "split": frozenset({"--filter"}),
    **dict.fromkeys(_TARS, _TAR),
    "wget": frozenset({"-e", "--execute", "--use-askpass"}),
    "zip": frozenset({"-TT", "--unzip-command"}),
}
"""By a program's name, beside what `shells` knows of interpreters and of programs that start others."""


ALL_CODE = frozenset(
    {
        *("su", "runuser", "script", "watch", "parallel", "at", "batch", "crontab", "tmux"),
        *("screen", "expect", "socat", "entr", "flatpak", "ld.so"),
        # They are given hosts, paths and addresses that a shell, here or there, may read.
        *("ssh", "scp", "sftp", "rsync", "ftp", "lftp", "mosh", "autossh", "ansible", "pdsh"),
        # Editors, pagers and mail programs run commands that they are told, `+!…`, or shown.
        *("ed", "ex", "vi", "vim", "view", "nvim", "emacs", "nano", "less", "more", "most"),
        *("lynx", "w3m", "mail", "mailx", "mutt"),
        # A value can be a makefile's variable, a macro, a dot-command, a pipe in a file's place.
        *("make", "gmake", "ninja", "m", "gdb", "lldb", "sqlite", "dc", "bc", "gnuplot"),
        *("octave", "perl", "tclsh", "wish", "guile", "ghci", "ocaml", "jshell", "R"),
        *("deno", "bun", "npx", "npm"),
    }
)
"""Programs that read any of their words, or what it names, as a program: no value can be in one.

By name without version, as all tables here but `PLAIN`: `m` is m4, `sqlite` sqlite3.
"""
STARTERS = frozenset(
    {"nsenter", "unshare", "systemd-run", "strace", "ltrace", "gdbserver", "valgrind"}
)
"""Programs that start another somewhere among their words."""
CONTAINERS = frozenset({"docker", "podman", "nerdctl", "kubectl", "lxc", "machinectl"})
"""So do these, after one of `CONTAINER_COMMANDS`."""
CONTAINER_COMMANDS = frozenset({"exec", "run", "debug", "shell"})
SUBCOMMANDS = frozenset({"git", "hg", "openssl", "systemctl", *CONTAINERS})
"""Programs whose first operand is a command of theirs, or starts a program of that name."""
BEFORE_SUBCOMMAND = frozenset({"-C", "--git-dir", "--work-tree", "-H", "--host", "--context", "-n"})
"""Their options with a word of their own, beside those that are code."""
PLAIN = frozenset(
    {
        *(":", "true", "false", "echo", "cd", "pwd", "sleep", "date", "uptime", "uname", "id"),
        *("whoami", "cat", "tac", "rev", "head", "tail", "wc", "cut", "tr", "uniq", "comm"),
        *("join", "paste", "fold", "nl", "seq", "expand", "column", "od", "base64", "iconv"),
        *("cmp", "diff", "grep", "egrep", "fgrep", "ls", "stat", "file", "df", "du"),
        *("basename", "dirname", "readlink", "realpath", "cp", "mv", "rm", "rmdir", "mkdir"),
        *("mktemp", "ln", "touch", "truncate", "tee", "sync", "chmod", "chown", "chgrp"),
        *("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "md5sum", "sha1sum"),
        *("sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "cksum", "logger", "ping"),
    }
)
"""Programs that read none of their words, in no option, and nothing that a pipe brings them, as a program."""


def after_options(words: Sequence[str], names: Iterable[str]) -> list[int]:
    """The places of words that such an option of a program named before them may take.

    `names`: the words as names of programs. Wherever the program's name stands, as others may start it.
    """
    found, options = set[int](), frozenset[str]()
    before = ""
    for place, (word, name) in enumerate(zip(words, names, strict=True)):
        if is_option(word, options):
            found.add(place + 1)
        elif is_cluster(f"-{word}" if options >= _TAR and before in _TARS else word, options):
            found |= {place + 1, place + 2}  # `tar cfI ARCHIVE PROGRAM`
        options |= CODE_OPTIONS.get(name, frozenset())
        before = name
    return sorted(one for one in found if one < len(words))


def is_option(word: str, options: Iterable[str]) -> bool:
    """Whether a word is one of some options, or the beginning of a long one, as most programs take them."""
    return any(
        word == one or (len(word) > 2 and word.startswith("--") and one.startswith(word))
        for one in options
    )


def is_cluster(word: str, options: Iterable[str]) -> bool:
    """Whether a word is several options of one letter in one, some of these among them: `-sK`."""
    letters = {one[1] for one in options if len(one) == 2}
    return bool(re.fullmatch(r"-[A-Za-z0-9]{2,}", word) and letters & set(word[1:]))


def is_within_option(word: str, options: Iterable[str]) -> bool:
    """Whether a word is one of some options with its own word in it: `--rsh=ssh`, `-essh`."""
    name, equals, _ = word.partition("=")
    return bool(equals and is_option(name, options)) or is_cluster(word, options)
