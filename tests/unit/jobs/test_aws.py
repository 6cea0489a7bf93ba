"""Clients that are made before a job's credentials are known."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from moyai.jobs.aws import Cloud, make_ready
from moyai.jobs.results import JobError

PLACE = {"AWS_REGION": "ap-northeast-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


def _job(name: str) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": f"{name}'s"}
    return {**PLACE, **keys, "AWS_SESSION_TOKEN": f"{name}'s token"}


def _signs(client: Any) -> tuple[str, str, str]:
    signed: list[Any] = []
    client.meta.events.register("before-send.*.*", lambda request, **_: signed.append(request))
    client.meta.events.register("before-send.*.*", lambda **_: _Answer())
    client.list_secrets() if hasattr(client, "list_secrets") else client.list_buckets()
    headers = signed[0].headers
    words = headers["Authorization"].decode()
    return words.split("Credential=")[1].split("/")[0], client.meta.region_name, _token(headers)


def _token(headers: Any) -> str:
    return str(headers["X-Amz-Security-Token"].decode())


class _Answer:
    """What botocore takes for an answer, so that nothing is sent."""

    status_code = 200
    headers: ClassVar[dict[str, str]] = {}
    content = b"{}"
    raw = None


def test_a_client_made_ahead_signs_with_the_jobs_own_credentials() -> None:
    make_ready(PLACE)
    for name in ("one", "two"):  # the second finds none ready: the first has taken it
        client = Cloud(_job(name)).client("secretsmanager")
        assert _signs(client) == (name, "ap-northeast-1", f"{name}'s token")


def test_one_for_another_place_is_left() -> None:
    make_ready(PLACE)
    other = {**_job("one"), "AWS_REGION": "ap-northeast-3"}
    assert Cloud(other).client("secretsmanager").meta.region_name == "ap-northeast-3"


@pytest.mark.parametrize(
    "more",
    [
        {"HTTPS_PROXY": "http://127.0.0.1:9"},
        {"http_proxy": "http://127.0.0.1:9"},
        {"AWS_CA_BUNDLE": "/x"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_job_with_surroundings_of_its_own_makes_its_own(more: dict[str, str]) -> None:
    make_ready(PLACE)
    ready = Cloud(_job("one")).client("secretsmanager")
    make_ready(PLACE)
    own = Cloud({**_job("two"), **more}).client("secretsmanager")
    taken = Cloud(_job("three")).client("secretsmanager")
    assert own is not taken
    assert own is not ready
    assert _signs(taken)[0] == "three"  # it was left where it was


@pytest.mark.parametrize(
    "wrong", [{"AWS_REGION": "no region"}, {"AWS_ENDPOINT_URL": "no url"}], ids=str
)
def test_a_place_where_none_can_be_made_is_told_by_the_job(wrong: dict[str, str]) -> None:
    place = {**_job("one"), **wrong}
    make_ready(place)
    with pytest.raises(JobError):
        Cloud(place).client("secretsmanager")
