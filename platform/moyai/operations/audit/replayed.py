"""The same signed word of steering in two records of a chain: it was used again. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from moyai.audit.records import AuditRecord
from moyai.texts import Text

USED = Text(
    "前の記録の指示と同じもので、もう一度使われました",
    "it is that of a record before: it was used again",
)
_KEPT = 4096
"""Words of a chain that are remembered. What was signed counts for minutes, so that an older one is found by
its age."""
STEERED = ("pause", "run", "cancel", "stop", "release", "retry")
"""What persons ask of an operation on its way."""
_STEERING = frozenset(f"operation.{one}" for one in STEERED)


@dataclass(slots=True)
class Steered:
    """The words of a chain that was walked in its order."""

    _known: OrderedDict[tuple[str, ...], tuple[str, int]] = field(default_factory=OrderedDict)
    """Who, operation, what was asked and when it was signed → action and number of the last record."""

    def has(self, record: AuditRecord) -> bool:
        """Whether a signed word was in a record before; from now on it is. One command that lets waves go and
        the operation go on has two records, one straight after the other."""
        if record.action not in _STEERING:
            return False
        details = record.details
        said = (record.operation or "", str(details.get("asked")), str(details.get("signed_at")))
        word = (record.actor.casefold(), *said)
        last = self._known.pop(word, None)
        self._known[word] = (record.action, record.seq)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        is_one_command = last == ("operation.release", record.seq - 1)
        return last is not None and not (is_one_command and record.action == "operation.run")
