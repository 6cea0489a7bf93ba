"""Signing by an ssh-agent (draft-miller-ssh-agent): which keys it has, and what it signs."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from moyai.approvals.keys import Key
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.signing_errors import CannotSign
from moyai.approvals.wire import Malformed, Reader, string
from moyai.texts import Text

_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_RSA_SHA2_512 = 4
_LARGEST = 256 << 10
_LISTS_IN_SECONDS = 10
_SIGNS_IN_SECONDS = 120
"""A person may have to touch a security key or to confirm."""


def keys_of_agent(environ: Mapping[str, str]) -> frozenset[bytes]:
    """The public keys that the agent of `SSH_AUTH_SOCK` has; none where there is no agent."""
    try:
        answer = _ask(environ, bytes([_REQUEST_IDENTITIES]), _LISTS_IN_SECONDS)
        if answer.take(1)[0] != _IDENTITIES:
            return frozenset()
        found = set()
        for _ in range(answer.uint32()):
            found.add(answer.string())
            answer.string()
        return frozenset(found)
    except (OSError, Malformed):
        return frozenset()


@dataclass(frozen=True, slots=True)
class AgentSigner:
    """Signs with a key that the agent has."""

    key: Key
    environ: Mapping[str, str]

    def sign(self, message: bytes, namespace: str) -> str:
        """An armoured SSH signature. Raises `CannotSign` where the agent is gone or refuses."""
        flags = _RSA_SHA2_512 if self.key.kind == "ssh-rsa" else 0
        request = (
            bytes([_SIGN_REQUEST])
            + string(self.key.blob)
            + string(signed_bytes(message, namespace))
            + flags.to_bytes(4, "big")
        )
        try:
            answer = _ask(self.environ, request, _SIGNS_IN_SECONDS)
            if answer.take(1)[0] != _SIGN_RESPONSE:
                raise _refused()
            value = answer.string()
            answer.end()
        except (OSError, Malformed):
            raise _refused() from None
        return armoured(self.key.blob, namespace, value)


def _ask(environ: Mapping[str, str], request: bytes, seconds: float) -> Reader:
    """One question, one answer. Raises OSError where there is no agent, and `Malformed`."""
    place = environ.get("SSH_AUTH_SOCK")
    if not place:
        raise FileNotFoundError
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(seconds)
        agent.connect(place)
        agent.sendall(string(request))
        length = int.from_bytes(_received(agent, 4), "big")
        if length > _LARGEST:
            raise Malformed("too long an answer")
        return Reader(_received(agent, length))


def _received(agent: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = agent.recv(length - len(data))
        if not part:
            raise Malformed("cut off")
        data += part
    return data


def _refused() -> CannotSign:
    return CannotSign(
        Text("ssh-agent が署名しませんでした。", "The ssh-agent did not sign."),
        Text(
            "agent の確認画面やセキュリティキーを確かめて、もう一度実行してください。",
            "Look at the agent's question or the security key, then run it once more.",
        ),
    )
