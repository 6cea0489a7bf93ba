"""Names: within AWS's limits, never the same for two things."""

from __future__ import annotations

import dataclasses
import re
import sys
from itertools import combinations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_registries import all_codes, sample

from moyai.planning import names

WORDS = st.text("abcxyz019", min_size=1, max_size=9).map(lambda word: f"s{word}")
SLUGS = st.lists(WORDS, min_size=1, max_size=3).map("-".join)
CODES = st.sampled_from(all_codes())


@given(st.text("abcdefghij-", min_size=1, max_size=120), st.integers(16, 64))
def test_fitted_names_fit_and_short_ones_stay(name: str, limit: int) -> None:
    fitted = names.fit(name, limit)
    assert len(fitted) <= limit
    assert (fitted == name) == (len(name) <= limit)


@given(st.text("ab-", min_size=30, max_size=40), st.text("ab-", min_size=30, max_size=40))
def test_cut_names_stay_apart(one: str, other: str) -> None:
    assert (names.fit(one, 20) == names.fit(other, 20)) == (one == other)


@given(SLUGS, CODES, SLUGS)
def test_names_of_a_subscription_fit(slug: str, code: str, service: str) -> None:
    federation = dataclasses.replace(sample().federation, slug=slug)
    site = sample().sites["sandbox"]
    for role in names.subscription_roles(federation, code, service).values():
        assert len(role) <= names.ROLE_LIMIT
    for bucket in names.body_buckets(federation, site, code).values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket)
    assert len(names.budget(federation, code, service)) <= names.BUDGET_LIMIT
    database = names.database(code, service)
    for name in (database.database, database.owner, database.app):
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name)
    for name in names.balancers(names.cell_prefix(federation, service)).values():
        assert len(name) <= names.LOAD_BALANCER_LIMIT


def test_bodies_of_the_whole_country_share_no_name() -> None:
    federation, site = sample().federation, sample().sites["sandbox"]
    services = tuple(sample().services)
    taken: set[str] = set()
    count = 0
    for code in all_codes():
        found = [
            *names.body_roles(federation, code).values(),
            *names.body_buckets(federation, site, code).values(),
            *names.body_groups(federation, code).values(),
        ]
        for service in services:
            database = names.database(code, service)
            found += names.subscription_roles(federation, code, service).values()
            found += names.secrets(code, service).values()
            found += [database.database, database.owner, database.app]
        taken.update(found)
        count += len(found)
    assert len(taken) == count == 1741 * (4 + 8 * len(services))


def test_prefixes_of_services_do_not_contain_each_other() -> None:
    found = [names.object_prefix(service) for service in ("chat", "chat-archive", "eapp-a", "eapp")]
    for one, other in combinations(found, 2):
        assert not one.startswith(other)
        assert not other.startswith(one)


def test_logs_of_one_body_are_not_below_anothers() -> None:
    federation = sample().federation
    assert names.log_group(federation, "271004") == "/osaka/271004"
    assert names.log_group(federation, "271403", "jobs") == "/osaka/271403/jobs"


def test_certificate_has_the_domain_and_a_wildcard_for_each_pattern() -> None:
    assert names.certificate_domains(sample()) == (
        "osaka.example.jp",
        "*.chat.osaka.example.jp",
        "*.shinsei-b-staff.osaka.example.jp",
        "*.shinsei-b.osaka.example.jp",
        "*.shinsei-staff.osaka.example.jp",
        "*.shinsei.osaka.example.jp",
    )
