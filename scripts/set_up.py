"""Make `.venv`: locked dependencies, checked by their hashes, and the project itself, editable.

`set_up.py STAMP`, run by `scripts/setup` with the Python that `.venv` is to have. Uses `uv` where it
is on PATH, `venv` and `pip` elsewhere. Needs nothing but the standard library.
"""

from __future__ import annotations

import compileall
import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".moyai-setup"
LOCK = ROOT / "requirements" / "dev.txt"
_UNWANTED = (
    "PIP_PREFIX",
    "PIP_REQUIRE_HASHES",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_REQUIRE_HASHES",
    "UV_TARGET",
    "UV_PREFIX",
    "VIRTUAL_ENV",
)
"""Variables that would have packages land elsewhere, or refuse the project itself for its hash."""


class SetupFailed(Exception):
    """A step did not work; the message is for people, in both languages."""


def main(stamp: str) -> int:
    """Set up, unless another `make` did it meanwhile; returns the exit code."""
    with LOCK.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(
                "別の make が .venv を用意しています。待ちます。", "Another make is at it: waiting."
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
            if STAMP.is_file() and STAMP.read_text() == stamp:
                return 0
        STAMP.unlink(missing_ok=True)
        try:
            set_up(shutil.which("uv"))
        except SetupFailed as failure:
            sys.stderr.write(f"{failure}\n")
            return 2
        STAMP.write_text(stamp)
    return 0


def set_up(uv: str | None) -> None:
    """Make the environment anew, or bring it up to date. Raises `SetupFailed`."""
    with_what = f"Python {sys.version.split()[0]}, {'uv' if uv else 'pip'}"
    say(f".venv を用意しています（{with_what}）。", f"Setting up .venv ({with_what}).")
    if uv is None:
        make_with_venv()
        install = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        # All that is needed is in the lock; what it lacks is found by pip's check.
        given = ["--no-deps", "--require-hashes", "--requirement", str(LOCK)]
        run([*install, "--no-compile", *given])
        run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "check"])
    else:
        if not is_usable():
            shutil.rmtree(VENV, ignore_errors=True)
            run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
        target = ["--quiet", "--python", str(PYTHON)]
        run([uv, "pip", "sync", *target, "--require-hashes", str(LOCK)])
        install = [uv, "pip", "install", *target]
    # hatchling, which builds the project, is among the locked packages.
    run([*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    # Each of a deploy's processes would compile what it imports where PYTHONDONTWRITEBYTECODE is
    # set. pip does it on one core.
    packages = sysconfig.get_path("purelib", vars={"base": str(VENV)})
    for room in (packages, ROOT / "platform", ROOT / "cli"):
        compileall.compile_dir(room, quiet=2, workers=0)


def is_usable() -> bool:
    """Whether there is an environment of this very Python already."""
    if not (VENV / "pyvenv.cfg").is_file():
        return False
    try:
        asked = [str(PYTHON), "-c", "import sys; print(sys.version)"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == sys.version.strip()


def make_with_venv() -> None:
    """A fresh environment with pip, by the standard library."""
    try:
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    except SetupFailed as failure:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupFailed(
            f"{failure}\n"
            "venv と pip のある仮想環境を作れません。Debian や Ubuntu では python3-venv を導入するか、"
            "uv を導入してから、もう一度実行してください。\n"
            "Cannot make a virtual environment with pip. On Debian and Ubuntu install python3-venv, "
            "or install uv; then run again."
        ) from None


def run(command: list[str]) -> None:
    """Run a step, silent while it goes well. Raises `SetupFailed` with what it said."""
    environ = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        words = " ".join(command[:4])
        raise SetupFailed(
            f"{answer.stdout.rstrip()}\n"
            f".venv を用意できません（{words} … が {answer.returncode} で終わりました）。\n"
            f".venv cannot be set up ({words} … ended with {answer.returncode})."
        )


def say(ja: str, en: str) -> None:
    """A line to standard error, in the locale's language."""
    names = ("MOYAI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((os.environ[name] for name in names if os.environ.get(name)), "")
    sys.stderr.write(f"{ja if locale.lower().startswith('ja') else en}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
