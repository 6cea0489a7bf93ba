"""`python -m moyai.engine.toolchain.installing FOLDER VERSION`: Pulumi's installer, and why it failed.

The reason goes to standard output, for `installer`, which starts this.
"""

from __future__ import annotations

import socket
import subprocess
import sys

import semver
from pulumi.automation import PulumiCommand

_ANSWER_SECONDS = 5.0
"""How long the site that has the installer may keep silent; the SDK has no limit."""
_FAILED = 4


def main(folder: str, version: str) -> int:
    """Install an engine as `FOLDER/bin/pulumi`; returns the exit code."""
    socket.setdefaulttimeout(_ANSWER_SECONDS)
    try:
        PulumiCommand.install(root=folder, version=semver.VersionInfo.parse(version))
    except subprocess.CalledProcessError as error:
        sys.stdout.buffer.write(error.output or b"")
        return _FAILED
    except OSError as error:  # URLError and time-outs are among them
        sys.stdout.write(f"{type(error).__name__}: {error}\n")
        return _FAILED
    except RuntimeError as error:
        sys.stdout.write(f"{error}\n")
        return _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
