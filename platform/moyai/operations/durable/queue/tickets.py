"""What Moyai writes into DBOS's tables, and reads of them: three forms of JSON and nothing else.

DBOS's own form is pickle, which runs what it reads: who can write its tables would run code on workers. A row
says itself in which form it is, so that a serializer of ours is not enough: pickle is taken out of
DBOS, in this process. The server refuses such rows besides (`operations/database/no_pickle.sql`).
"""

from __future__ import annotations

import json
from typing import Any

from dbos._serialization import DefaultSerializer, Serializer

FORM = "moyai_json"
"""What DBOS's column `serialization` says of a row of ours."""
Body = tuple[str, str, int]
"""Operation, code, attempt."""


class StrangeTicket(ValueError):
    """A row that Moyai did not write. Says nothing of what is in it."""


class Tickets(Serializer):
    """Bodies to carry as `{"body": [operation, code, attempt]}`, the end of a carrying as `null`, a carrying
    that failed as `{"failed": type}`: an error's words may hold anything, and the ledger has them."""

    def name(self) -> str:
        """The form's name."""
        return FORM

    def serialize(self, data: Any) -> str:
        """Raises `TypeError` for what Moyai does not put."""
        if data is None:
            return "null"
        if isinstance(data, Exception):
            return json.dumps({"failed": type(data).__name__})
        if isinstance(data, dict) and data.keys() == {"args", "kwargs"} and not data["kwargs"]:
            return json.dumps({"body": list(body_of(tuple(data["args"])))}, separators=(",", ":"))
        raise TypeError(f"{type(data).__name__} is not put into DBOS's tables")

    def deserialize(self, serialized_data: str) -> Any:
        """What DBOS asks for: arguments, None, an exception. Raises `StrangeTicket` for all else."""
        try:
            found = json.loads(serialized_data)
        except (ValueError, RecursionError):
            raise StrangeTicket("it is no JSON") from None
        match found:
            case None:
                return None
            case {"failed": str(kind), **rest} if not rest:
                return CarryingFailed(kind)
            case {"body": list(words), **rest} if not rest:
                return {"args": body_of(tuple(words)), "kwargs": {}}
        raise StrangeTicket("it has none of the three forms")


class CarryingFailed(Exception):
    """A carrying that ended by a fault of its own, as it is on record: by the fault's type."""


def refuse_pickle() -> None:
    """Have DBOS, in this process, neither read nor write pickle, whatever a row says. Safe to call again."""
    for method, instead in {"deserialize": _refused, "serialize": _written}.items():
        setattr(DefaultSerializer, method, instead)


def _refused(_self: DefaultSerializer, _data: str) -> Any:
    raise StrangeTicket("it is pickle, which is never read")


def _written(_self: DefaultSerializer, data: Any) -> str:
    """DBOS puts the refusal on record in the refused row's own form."""
    return Tickets().serialize(data)


def body_of(words: tuple[Any, ...]) -> Body:
    """The same words as a body's, each of its type. Raises `StrangeTicket`."""
    match words:
        case (str(operation), str(code), int(attempt)) if not isinstance(attempt, bool):
            return operation, code, attempt
    raise StrangeTicket("it is no body's")
