"""The length-prefixed fields of which SSH makes keys, signatures and messages (RFC 4251 section 5). Pure."""

from __future__ import annotations


class Malformed(ValueError):
    """Bytes that are not what they should be; says nothing of them, as they may be a secret's."""


class Reader:
    """Takes fields off the front. Each raises `Malformed` where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        """So many bytes."""
        if length > len(self._data) - self._at:
            raise Malformed("cut off")
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken

    def uint32(self) -> int:
        """A number of four bytes."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Bytes behind their length."""
        return self.take(self.uint32())

    def mpint(self) -> int:
        """A positive number in its shortest form (RFC 4251: another form is none)."""
        data = self.string()
        if not data or data[0] & 0x80 or (data[0] == 0 and not (len(data) > 1 and data[1] & 0x80)):
            raise Malformed("no positive number in its shortest form")
        return int.from_bytes(data, "big")

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise Malformed("bytes behind the end")


def string(data: bytes) -> bytes:
    """Bytes behind their length."""
    return len(data).to_bytes(4, "big") + data


def mpint(number: int) -> bytes:
    """A positive number in its shortest form."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
