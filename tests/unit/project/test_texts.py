"""Sentences in both languages."""

from __future__ import annotations

import errno
import os
import re

import pytest

from moyai.texts import Text, of_system

COMMON = (
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENOSPC,
    errno.EROFS,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EMFILE,
)


@pytest.mark.parametrize("number", COMMON, ids=lambda number: errno.errorcode[number])
def test_what_the_system_often_says_is_said_in_japanese_too(number: int) -> None:
    said = of_system(OSError(number, os.strerror(number), "/path"))
    assert said.en == os.strerror(number)
    assert not re.search("[A-Za-z]", said.ja)


def test_what_it_seldom_says_is_said_as_it_does() -> None:
    words = os.strerror(errno.EXDEV)
    assert of_system(OSError(errno.EXDEV, words)) == Text(words, words)
    assert of_system(OSError("by a library")) == Text("by a library", "by a library")
