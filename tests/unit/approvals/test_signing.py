"""Whoever has the key signs: a file, the agent, or ssh-keygen; nothing of a private key gets out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_keys import FILES, KEYGEN, Theirs, line, needs_keygen, write_private

from moyai.approvals.agent import AgentSigner
from moyai.approvals.key_files import KeyFileSigner
from moyai.approvals.keygen import KeygenSigner
from moyai.approvals.signatures import verify
from moyai.approvals.signing import find_signer
from moyai.approvals.signing_errors import CannotSign
from moyai.approvals.subjects import APPROVAL_NAMESPACE

MESSAGE = b"20261126-3 " + b"ab" * 32 + b" plan\n"
NAMESPACE = APPROVAL_NAMESPACE
AGENT, ADD = shutil.which("ssh-agent"), shutil.which("ssh-add")
needs_agent = pytest.mark.skipif(
    AGENT is None or ADD is None, reason="ssh-agent and ssh-add are not on PATH"
)


@pytest.fixture
def agent() -> Iterator[dict[str, str]]:
    """A running agent's environment. A socket's path is short, so it is not in pytest's folder."""
    assert AGENT is not None
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/agent"
        running = subprocess.Popen([AGENT, "-D", "-a", place], stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.readline()
        yield {"SSH_AUTH_SOCK": place, "PATH": os.environ["PATH"]}
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=10)


def add(agent: dict[str, str], file: Path) -> None:
    assert ADD is not None
    subprocess.run([ADD, "-q", file], env=agent, check=True, timeout=30, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("name", FILES)
def test_a_key_file_signs(name: str, tmp_path: Path) -> None:
    file = write_private(name, tmp_path / "key")
    signer = find_signer(line(name), file, {})
    assert isinstance(signer, KeyFileSigner)
    assert verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE, line(name)) is None


@needs_keygen
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("hashed_by", ["sha256", "sha512"])
def test_what_openssh_signs_counts(name: str, hashed_by: str, tmp_path: Path) -> None:
    file = write_private(name, tmp_path / "key")
    text = Theirs(tmp_path).sign(MESSAGE, NAMESPACE, file, "-O", f"hashalg={hashed_by}")
    assert verify(text, MESSAGE, NAMESPACE, line(name)) is None
    assert verify(text, MESSAGE + b"x", NAMESPACE, line(name)) is not None


@needs_agent
@pytest.mark.parametrize("name", FILES)
def test_the_agent_signs_with_the_keys_that_it_has(
    name: str, agent: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(CannotSign):
        find_signer(line(name), None, agent)
    add(agent, write_private(name, tmp_path / "key"))
    signer = find_signer(line(name), None, agent)
    assert isinstance(signer, AgentSigner)
    assert verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE, line(name)) is None
    with pytest.raises(CannotSign):
        find_signer(line(name, 1), None, agent)


@needs_agent
def test_an_agent_that_lost_the_key_or_is_gone_is_told(
    agent: dict[str, str], tmp_path: Path
) -> None:
    add(agent, write_private("ed25519", tmp_path / "key"))
    signer = find_signer(line("ed25519"), None, agent)
    assert ADD is not None
    subprocess.run([ADD, "-q", "-D"], env=agent, check=True, timeout=30, capture_output=True)
    with pytest.raises(CannotSign, match="did not sign"):
        signer.sign(MESSAGE, NAMESPACE)
    with pytest.raises(CannotSign, match="neither in the ssh-agent"):
        find_signer(line("ed25519"), None, {"SSH_AUTH_SOCK": str(tmp_path / "none")})


def test_the_usual_files_are_looked_through(tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir()
    (folder / "id_ed25519").write_text("no key\n")
    write_private("p256", folder / "id_ecdsa")
    signer = find_signer(line("p256"), None, {"HOME": str(tmp_path)})
    assert verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE, line("p256")) is None


def test_a_file_of_any_name_is_found_by_the_public_key_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir()
    write_private("p256", folder / "keikaku")
    write_private("ed25519", folder / "another")
    signer = find_signer(line("p256"), None, {"HOME": str(tmp_path)})
    assert verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE, line("p256")) is None


@needs_keygen
def test_a_key_under_a_passphrase_is_left_to_ssh_keygen(tmp_path: Path) -> None:
    file = write_private("ed25519", tmp_path / "key")
    assert KEYGEN is not None
    change = [KEYGEN, "-q", "-p", "-f", file, "-P", "", "-N", "correct horse", "-a", "1"]
    subprocess.run(change, check=True, timeout=30, capture_output=True)
    asked = tmp_path / "askpass"
    asked.write_text("#!/bin/sh\necho correct horse\n")
    asked.chmod(0o700)
    environ = {
        "PATH": os.environ["PATH"],
        "SSH_ASKPASS": str(asked),
        "SSH_ASKPASS_REQUIRE": "force",
    }
    signer = find_signer(line("ed25519"), file, environ)
    assert isinstance(signer, KeygenSigner)
    assert verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE, line("ed25519")) is None
    asked.write_text("#!/bin/sh\necho wrong\n")
    with pytest.raises(CannotSign, match="ssh-keygen did not sign"):
        signer.sign(MESSAGE, NAMESPACE)
    with pytest.raises(CannotSign, match="not on PATH"):
        find_signer(line("ed25519"), file, {"PATH": str(tmp_path)})


def test_another_key_no_key_and_no_file_are_told(tmp_path: Path) -> None:
    file = write_private("ed25519", tmp_path / "key")
    with pytest.raises(CannotSign, match="is not the private key"):
        find_signer(line("ed25519", 1), file, {})
    with pytest.raises(CannotSign, match="is no private key of OpenSSH"):
        find_signer(line("ed25519"), file.with_name("key.pub"), {})
    with pytest.raises(CannotSign, match="cannot be read"):
        find_signer(line("ed25519"), tmp_path / "none", {})
    with pytest.raises(CannotSign, match="cannot be read"):
        find_signer(line("ed25519"), tmp_path, {})
    with pytest.raises(ValueError, match="SSH public key"):
        find_signer("ssh-dss AAAA", None, {})


def test_nothing_of_a_damaged_private_key_is_in_the_error(tmp_path: Path) -> None:
    file = write_private("ed25519", tmp_path / "key")
    lines = file.read_text().splitlines()
    for damaged in (
        [*lines[:-2], lines[-2][:-8], lines[-1]],
        [*lines[:-3], lines[-2], lines[-1]],
        [*lines[:-2], lines[-2].swapcase(), lines[-1]],
    ):
        file.write_text("\n".join(damaged) + "\n")
        with pytest.raises(CannotSign) as raised:
            find_signer(line("ed25519"), file, {}).sign(MESSAGE, NAMESPACE)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__
        said = "".join(raised.value.lines("en"))
        assert not any(part in said for part in lines[1:-1])
