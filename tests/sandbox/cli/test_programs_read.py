"""Commands that change something answer programs with records, and nothing else on standard output.

The tests of this module share one federation.
"""

from __future__ import annotations

from pathlib import Path

from federations import DAY, Federation


def test_onboarded_bodies_are_listed(federation: Federation) -> None:
    answer = federation.ok("onboard", "272051", "--yes", "--as-of", DAY, "--output", "json")
    [found] = answer.json()
    sheet = Path(found.pop("welcome_sheet"))
    assert found == {
        "code": "272051",
        "slug": "suita",
        "name": "吹田市",
        "site": "sandbox",
        "status": "current",
        "reasons": [],
        "releases": {},
    }
    assert "Welcome, 吹田市" in sheet.read_text(encoding="utf-8")
    assert '+   - code: "272051"' in answer.err
    assert "272051 吹田市: done" in answer.err
    services = ("--service", f"chat={DAY}")
    asked_more = federation.moyai("onboard", "272051", *services, "--yes", "--as-of", DAY)
    assert (asked_more.code, "without --service" in asked_more.err) == (2, True)
    again = federation.ok("onboard", "272051", "--yes", "--as-of", DAY, "--output", "csv")
    assert again.out.splitlines() == [
        "code,slug,name,site,status,releases,reasons,welcome_sheet",
        f"272051,suita,吹田市,sandbox,current,,,{sheet}",
    ]


def test_bodies_whose_onboarding_failed_are_listed(federation: Federation) -> None:
    health = federation.folder / "stacks" / "services" / "chat" / "health.sql"
    sound = health.read_bytes()
    health.write_bytes(sound.replace(b"SELECT probe", b"SELECT no_such_column"))
    try:
        answer = federation.moyai("onboard", "272027", "--yes", "--as-of", DAY, "--output", "json")
    finally:
        health.write_bytes(sound)
    assert answer.code == 4
    [found] = answer.json()
    assert (found["code"], found["status"], found["welcome_sheet"]) == ("272027", "failed", None)
    assert "SQLSTATE 42703" in found["reasons"][0]
    assert "onboard 272027 goes on to it" in answer.err
    # What the file has already may be asked for again: the same command, run again, goes on.
    services = ("--service", "chat=2022-04-01")
    federation.ok("onboard", "272027", *services, "--yes", "--as-of", DAY)


def test_the_demo_ends_with_what_status_tells(federation: Federation) -> None:
    answer = federation.ok("demo", "--output", "json")
    told = federation.ok("status", "--output", "json")
    assert answer.out == told.out
    assert "Declaration: tenants.yaml is valid (4 bodies)" in answer.err


def test_the_engine_is_told_as_info_tells_it(federation: Federation) -> None:
    installed = federation.ok("engine", "install", "--output", "json").json()
    assert installed == federation.ok("engine", "info", "--output", "json").json()
    assert Path(installed["path"]).is_file()


def test_the_sandbox_is_told_as_its_status_tells_it(federation: Federation) -> None:
    stopped = federation.ok("sandbox", "stop", "--output", "json").json()
    assert stopped["running"] is False
    federation.edit("daily: 35", "daily: 36")
    assert "The sandbox was started." in federation.ok("plan", "--as-of", DAY).out
    assert "The sandbox" not in federation.ok("plan", "--as-of", DAY).out
    federation.edit("daily: 36", "daily: 35")
    federation.ok("sandbox", "stop")
    started = federation.ok("sandbox", "start", "--output", "json").json()
    assert started["running"] is True
    assert started.keys() == federation.ok("sandbox", "status", "--output", "json").json().keys()
    unasked = federation.moyai("sandbox", "reset", "--output", "json")
    assert (unasked.code, unasked.out) == (5, "")
    assert "Go on?" in unasked.err
    gone = federation.ok("sandbox", "reset", "--yes", "--output", "json").json()
    assert gone["running"] is False
