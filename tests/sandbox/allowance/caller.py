"""Calls AWS from two threads until it is killed; writes one byte to a file for each call."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import boto3
from botocore.config import Config

from moyai.allowance import limit


def main(file: str, threads: int) -> None:
    session = boto3.Session()
    limit(session.events)
    client: Any = session.client("sts", config=Config(retries={"total_max_attempts": 1}))
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def call() -> None:
        while True:
            client.get_caller_identity()
            os.write(handle, b".")

    for _ in range(threads):
        threading.Thread(target=call).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
