from __future__ import annotations

from typing import Any

import pytest

from moyai.sandbox.server import changes_something

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("environ", "body", "expected"),
    [
        ({"HTTP_X_AMZ_TARGET": "secretsmanager.GetSecretValue"}, b"{}", False),
        ({"HTTP_X_AMZ_TARGET": "secretsmanager.CreateSecret"}, b"{}", True),
        ({"HTTP_X_AMZ_TARGET": "AmazonEC2ContainerServiceV20141113.DescribeTasks"}, b"", False),
        ({"CONTENT_TYPE": FORM}, b"Action=DescribeVpcs&Version=2016-11-15", False),
        ({"CONTENT_TYPE": FORM}, b"Action=CreateVpc&Version=2016-11-15", True),
        ({"CONTENT_TYPE": FORM}, b"Version=2016-11-15&Action=AssumeRole", True),
        ({"REQUEST_METHOD": "GET"}, b"", False),
        ({"REQUEST_METHOD": "HEAD"}, b"", False),
        ({"REQUEST_METHOD": "PUT"}, b"content", True),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}, b"{}", True),
    ],
)
def test_reading_is_told_from_changing(
    environ: dict[str, Any], body: bytes, expected: bool
) -> None:
    assert changes_something({"REQUEST_METHOD": "POST", **environ}, body) is expected
