"""Which variables a step's program gets. Pure.

A program gets no more than it needs to find its way about, as whatever it writes is kept as evidence;
`moyai` also what it reads itself to reach a site, and to sign.
"""

from __future__ import annotations

from collections.abc import Mapping

from moyai.runbook.check_commands import MOYAI

STEP_MARK = "MOYAI_STEP"
"""Has an id of the step's command, by which all that it started is known."""
_ALL = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR"}
)
_ALL_BEGIN = ("LC_",)
_OURS = frozenset({"MOYAI_HOME", "MOYAI_LANG", "MOYAI_OPERATOR", "MOYAI_SITE"})
"""Those of Moyai's own that people set; others hand on who is calling."""
_MOYAI = frozenset(
    {
        "SSH_AUTH_SOCK",
        "SSH_ASKPASS",
        "SSH_ASKPASS_REQUIRE",
        "DISPLAY",
        "VIRTUAL_ENV",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "GOTOOLCHAIN",
        "GOWORK",
        "MALLOC_ARENA_MAX",
    }
)
_MOYAI_BEGIN = ("AWS_", "PULUMI_", "PG", "XDG_", "PYTHON", "MOYAI_")


def variables_for(program: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What a program gets of an environment."""
    found = {
        name: value
        for name, value in environment.items()
        if name in _ALL or name in _OURS or name.startswith(_ALL_BEGIN)
    }
    if program == MOYAI:
        found |= {
            name: value
            for name, value in environment.items()
            if name.upper() in _MOYAI or name.startswith(_MOYAI_BEGIN)
        }
    return found
