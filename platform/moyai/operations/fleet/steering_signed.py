"""What operators ask of an operation on its way, signed with their SSH key where it is found.

A stop in an emergency is never refused for want of a key: where there is none, the record says that the name
was given and not signed. What lets work go on needs a signature, unless tenants.yaml says otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

from moyai.approvals.signing import find_signer
from moyai.approvals.signing_errors import CannotSign
from moyai.approvals.steering import STEERING_NAMESPACE, SignedWord
from moyai.approvals.to_sign import to_sign
from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.clock import server_now
from moyai.operations.database.reading import UnknownPlan, shown, standing
from moyai.planning.fleet.going_on import needs_signature
from moyai.registry.models import Operator, Registry
from moyai.texts import Text


def signed_word(
    engine: sa.Engine, operation: str, by: Operator, asked: str, key: Path | None
) -> SignedWord | None:
    """What is asked for, signed by the operator's key: of the file that was named, the agent, `~/.ssh`. None
    where it is nowhere or does not sign."""
    with engine.connect() as connection:
        sha256, now = standing(connection, operation)[0].plan_sha256, server_now(connection)
    words = to_sign(operation, sha256, asked, now)
    try:
        signature = find_signer(by.ssh_key, key, os.environ).sign(words.line, STEERING_NAMESPACE)
    except (CannotSign, ValueError):
        return None
    return SignedWord(asked, signature, words.signed_at)


def require_signed(
    engine: sa.Engine, registry: Registry, operation: str, by: Operator, signed: SignedWord | None
) -> None:
    """Before work goes on: raises `Refused` where nobody signed that, tenants.yaml wants it signed, and the
    operation is of a kind that another person approves."""
    if signed is not None or not needs_signature(None, registry):
        return
    with engine.connect() as connection:
        try:
            needs = needs_signature(shown(connection, operation).plan, registry)
        except UnknownPlan:
            needs = True
    if needs:
        raise Refused(
            Text(
                f"{by.email} の鍵で署名できないため、{operation} を続けられません。",
                f"{operation} does not go on: nothing could be signed with the key of {by.email}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "--key で鍵のファイルを指定するか、ssh-add で agent に加えてください（tenants.yaml の "
                "operations.steering_needs_signature: false で、署名なしでも続けられます）。"
                "一時停止と取消に署名は要りません。",
                "Name the key's file with --key, or add it to the agent with ssh-add (or have tenants.yaml say "
                "operations.steering_needs_signature: false). To pause or cancel needs no signature.",
            ),
        )


def also_said(said: Text, signed: SignedWord | None) -> Text:
    """What is told of it, and that nobody signed it."""
    if signed is not None:
        return said
    return Text(
        f"{said.ja}（署名なし: 記録には、名乗りだけで署名がないと残ります）",
        f"{said.en} (Not signed: the record says that the name was given and not signed.)",
    )
