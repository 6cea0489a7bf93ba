"""Errors of AWS that say nothing of the body that was asked about are the site's trouble."""

from __future__ import annotations

import pytest
from botocore import exceptions

from moyai.errors import SiteTrouble
from moyai.jobs.callers import not_reached

PLACE = {"endpoint_url": "http://127.0.0.1:1/"}


@pytest.mark.parametrize(
    "error",
    [
        exceptions.EndpointConnectionError(**PLACE),
        exceptions.ConnectTimeoutError(**PLACE),
        exceptions.ReadTimeoutError(**PLACE),
        exceptions.ConnectionClosedError(**PLACE),
        exceptions.NoCredentialsError(),
        exceptions.ClientError({"Error": {"Code": "ExpiredToken"}}, "RunTask"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_who_does_not_reach_aws_has_learnt_nothing_of_a_body(
    error: exceptions.BotoCoreError | exceptions.ClientError,
) -> None:
    found = not_reached(error)
    assert isinstance(found, SiteTrouble)
    assert found.what.en.startswith("the site")


@pytest.mark.parametrize("code", ["AccessDenied", "ClusterNotFoundException"])
def test_a_refusal_is_an_answer(code: str) -> None:
    assert not_reached(exceptions.ClientError({"Error": {"Code": code}}, "RunTask")) is None
