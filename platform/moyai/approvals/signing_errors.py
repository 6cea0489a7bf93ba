"""Why something could not be signed."""

from __future__ import annotations

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.texts import Text


class CannotSign(Refused):
    """The private key is not there, or its holder refused. Has nothing of the key."""

    def __init__(self, what: Text, remedy: Text) -> None:
        super().__init__(what, touched=NOTHING_TOUCHED, remedy=remedy)
