"""The jobs' image as its Dockerfile lays it out: its files and its locked requirements, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from moyai.jobs import results, runner

ROOT = Path(__file__).resolve().parents[3]
JOBS = ROOT / "platform" / "moyai" / "jobs"


def _instructions() -> list[list[str]]:
    text = (JOBS / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def _locked() -> list[Requirement]:
    lines = re.findall(r"^([a-z].*?) \\$", (JOBS / "requirements.txt").read_text(), re.MULTILINE)
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/app`, and beside it `site`, which has the locked distributions alone."""
    root = tmp_path_factory.mktemp("image")
    for word, *rest in _instructions():
        if word == "COPY":
            *sources, target = rest
            place = root / target.lstrip("/")
            for path in (path for source in sources for path in sorted(ROOT.glob(source))):
                if path.is_dir():
                    shutil.copytree(path, place)
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, place)
        if word == "RUN" and rest[0] == "rm":
            for name in rest[1 : rest.index("&&")]:
                (root / name.lstrip("/")).unlink()
    site = root / "site"
    site.mkdir()
    for requirement in _locked():
        found = distribution(requirement.name)
        assert found.version in requirement.specifier, requirement.name
        tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
    return root


def _run(image: Path, *arguments: str, site: Path | None = None) -> tuple[int, str, str]:
    paths = f"{image / 'app'}:{site or image / 'site'}"
    done = subprocess.run(
        # Without the packages of whoever runs the tests.
        [sys.executable, "-S", *arguments],
        env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"},
        cwd=image,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_job_starts_with_what_the_image_has(image: Path) -> None:
    code, out, told = _run(image, "-m", "moyai.jobs", "migrate")
    found = results.find(out.splitlines())
    assert found is not None, told
    assert (code, found["code"]) == (4, "missing-variable")
    script = (
        "from moyai.jobs import runner; print([int(runner.run([v], {})) for v in runner.VERBS])"
    )
    code, out, told = _run(image, "-c", script)
    assert out.splitlines()[-1:] == [str([4] * len(runner.VERBS))], told


def test_it_has_what_jobs_use_on_the_way(image: Path) -> None:
    script = (
        "import psycopg; from moyai.jobs.aws import Cloud; print(psycopg.pq.__impl__);"
        "Cloud({'AWS_REGION': 'ap-northeast-1'}).client('s3');"
        "Cloud({'AWS_REGION': 'ap-northeast-1'}).client('secretsmanager')"
    )
    code, out, told = _run(image, "-c", script)
    assert (code, out.strip()) == (0, "binary"), told


def test_it_has_nothing_of_the_operators(image: Path) -> None:
    modules = {path.stem for path in (image / "app" / "moyai").glob("**/*.py")}
    assert not modules & {"submit", "asking", "callers", "failures"}
    code, _, told = _run(image, "-c", "import boto3")
    assert (code, "ModuleNotFoundError" in told) == (1, True)
    assert sorted(path.name for path in (image / "app" / "services").glob("[a-z]*/"))


@pytest.mark.skipif(
    "MOYAI_CHECK_IMAGE" not in os.environ, reason="needs an index: make check-image"
)
def test_the_locked_requirements_install_by_hash(image: Path, tmp_path: Path) -> None:
    line = next(rest for word, *rest in _instructions() if (word, rest[0]) == ("RUN", "pip"))
    options = line[2 : line.index("-r")]
    requirements = image / "app" / "requirements.txt"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", *options),
            *("--target", str(tmp_path), "-r", str(requirements)),
        ],
        check=True,
    )
    code, out, told = _run(image, "-m", "moyai.jobs", "migrate", site=tmp_path)
    assert (code, results.MARK in out) == (4, True), told
