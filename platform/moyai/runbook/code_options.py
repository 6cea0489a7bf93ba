"""What programs read as code: the word after an option, all of their words, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_TAR = frozenset(
    {
        *("--checkpoint-action", "--to-command", "-I", "--use-compress-program", "-F"),
        *("--info-script", "--new-volume-script", "--rsh-command", "--rmt-command"),
    }
)
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
    "tar": _TAR,
    "bsdtar": _TAR,
    "gtar": _TAR,
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
