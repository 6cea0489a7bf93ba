"""What happens to operations is told once to each, in the transaction in which it happens."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from counting import make_plan
from persons import registry
from standardwebhooks.webhooks import Webhook
from telling import Office
from tests.sample import lay_out
from tests.sandbox.notices.receivers import MailServer, WebServer, make_authority, web_server
from workers import Fleet

from moyai.errors import UsageError
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.notice_reading import notices
from moyai.operations.database.prepare import Logins
from moyai.operations.database.rows import OperationView
from moyai.operations.database.writing import approve, release, retry, want
from moyai.operations.durable.conducting import approved as judged
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.troubles import Troubles
from moyai.operations.fleet.reporting import report
from moyai.operations.notices import record
from moyai.operations.notices.record import take_due
from moyai.planning.fleet.plans import OperationPlan, plan_sha256
from moyai.planning.openings import Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.registry.operation_settings import Event, Notifications, Smtp
from moyai.registry.operation_settings import Webhook as Hook
from moyai.texts import JAPAN, same

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVERYTHING = tuple(Event)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOW = sa.text("UPDATE moyai.notice SET next_try_at = clock_timestamp()")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(make_authority(tmp_path)) as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server(None) as server:
        yield server


@pytest.fixture
def office(emptied: Logins, tmp_path: Path, mail: MailServer, web: WebServer) -> Iterator[Office]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    told = Notifications(
        Smtp("127.0.0.1", mail.port, "moyai@example.jp", "none", None, None),
        operators=EVERYTHING,
        bodies=EVERYTHING,
        webhooks=(Hook(web.url, str(secret), EVERYTHING),),
    )
    operator, worker = (open_engine(emptied.of(f"moyai_{one}")) for one in ("operator", "worker"))
    owner = open_engine(emptied.url, role="moyai_owner")
    yield Office(operator, worker, owner, tmp_path, told)
    owner.dispose()
    operator.dispose()
    worker.dispose()


def test_a_body_that_fails_holds_the_wave_and_everybody_is_told_once(
    office: Office, mail: MailServer, web: WebServer
) -> None:
    plan = make_plan(office.folder, 2, at_once=1, **{"100000:write-2:1": "failed"})
    operation = office.plan(plan)
    office.go_on()
    assert office.happenings() == [("debt", "100000"), ("wave_held", None)]
    office.send()
    office.send()
    planner, approver = ("keikaku@jimukyoku.example.jp", "shonin@jimukyoku.example.jp")
    told = sorted((one.recipients[0], one.mail["Subject"]) for one in mail.letters)
    name = f"数える lines（{operation}）"
    debt, held = "未了の団体があります（1 団体）", "適用枠「w1」が保留になりました"
    assert told == [
        (person, f"[もやい] {what} — {name}")
        for person in (planner, approver)
        for what in sorted((debt, held))
    ]
    documents = [Webhook(SECRET).verify(one.body, one.headers) for one in web.posted]
    assert [one["type"] for one in documents] == ["operation.debt", "operation.wave_held"]
    assert documents[1]["data"]["bodies"] == [
        {"code": "100000", "name": "body 100000", "status": "failed"}
    ]


@pytest.mark.parametrize(
    ("fails", "ja", "en"),
    [
        ("read", "何も変更していません。", "Nothing was touched."),
        ("write-1", "何も変更していません。", "Nothing was touched."),
        ("write-3", "元に戻した手順: write-2、write-1。", "Taken back: write-2, write-1."),
    ],
)
def test_a_mail_says_of_a_failed_body_what_was_taken_back_and_nothing_else(
    office: Office, mail: MailServer, fails: str, ja: str, en: str
) -> None:
    operation = office.plan(make_plan(office.folder, 1, **{f"100000:{fails}:1": "failed"}))
    office.go_on()
    office.send()
    [letter, *_] = [one for one in mail.letters if "未了の団体" in one.mail["Subject"]]
    assert f"■ 触れたもの\n  {ja}\n" in letter.text.replace("\r\n", "\n")
    assert en in letter.text
    assert ("元に戻し" in letter.text) is (fails == "write-3")
    with office.operator.connect() as connection:
        [body] = report(connection, operation, registry()).bodies
    assert body.taken_back == (("write-2", "write-1") if fails == "write-3" else ())


def test_a_retry_that_fails_again_is_told_again(office: Office) -> None:
    fails = {f"100000:write-2:{attempt}": "failed" for attempt in (1, 2)}
    operation = office.plan(make_plan(office.folder, 2, at_once=1, **fails))
    office.go_on()
    with office.operator.begin() as connection:
        retry(connection, operation, ["100000"], "operator:a@example.jp")
    office.go_on()
    assert office.happenings() == [("debt", "100000"), ("wave_held", None)] * 2


def test_a_wave_that_was_released_and_fails_again_is_told_again(office: Office) -> None:
    fails = {f"{code}:write-2:1": "failed" for code in (100000, 100001)}
    operation = office.plan(make_plan(office.folder, 3, at_once=1, **fails))
    office.go_on()
    with office.operator.begin() as connection:
        release(connection, operation, ["wave:1"], "operator:a@example.jp")
        want(connection, operation, "run", "operator:a@example.jp")
    office.go_on()
    assert office.happenings().count(("wave_held", None)) == 2


def test_doubt_is_told_as_a_held_body_and_the_end_of_all_as_done(
    office: Office, mail: MailServer
) -> None:
    plan = make_plan(office.folder, 2, tolerance=1, **{"100001:write-1:1": "held"})
    office.plan(plan)
    office.go_on()
    assert office.happenings() == [("body_held", "100001"), ("done", None)]
    office.send()
    [ended] = [one for one in mail.letters if "終了" in one.mail["Subject"]][:1]
    assert "body 100001（100001）: 保留にしました" in ended.text
    assert "Ended, not all bodies well" in ended.text


def test_a_conductor_that_begins_anew_tells_nothing_twice(office: Office) -> None:
    office.plan(replace(make_plan(office.folder, 2), approval_seconds=3600))
    for _ in range(3):
        office.conductor.look()
        office.conductor = office.new_conductor()
    assert office.happenings() == [("approval_wanted", None)]


def test_approval_is_asked_of_approvers_alone(office: Office, mail: MailServer) -> None:
    office.plan(replace(make_plan(office.folder, 2), approval_seconds=3600))
    office.go_on(1)
    office.send()
    assert [one.recipients for one in mail.letters] == [("shonin@jimukyoku.example.jp",)]
    assert "moyai operation approve" in mail.letters[0].text


def test_approvers_are_asked_anew_before_an_approval_runs_out_with_bodies_waiting(
    office: Office, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    until = {"plan": now + timedelta(hours=1)}
    monkeypatch.setattr(judged, "clear_until", lambda *_: until)
    opens = (now + timedelta(hours=3)).astimezone(JAPAN)
    daily = Calendar(MaintenanceWindow(DAYS, clock(opens.hour), 1), ())
    plan = make_plan(office.folder, 2)
    bodies = (replace(plan.bodies[0], calendar=daily), plan.bodies[1])
    plan = replace(plan, approval_seconds=3600, bodies=bodies)
    operation = office.plan(plan)
    with office.operator.begin() as connection:
        approve(connection, operation, "plan", "b@example.jp", plan_sha256(plan), "none", now)
    office.go_on()
    assert office.happenings() == [("approval_wanted", None)]
    office.conductor = office.new_conductor()
    office.go_on(1)
    assert office.happenings() == [("approval_wanted", None)], "told once, also after a start"
    office.send()
    [letter] = mail.letters
    assert letter.recipients == ("shonin@jimukyoku.example.jp",)
    assert "100000" in letter.text
    assert "期限までは、承認されたとおりに進みます。" in letter.text


def test_a_window_that_was_missed_is_told_once(office: Office) -> None:
    """The body is in its wave while its window is open, and may not be begun any more when it closes."""
    closed = Calendar(MaintenanceWindow(("mon",), clock(0), 1), ())
    plan = make_plan(office.folder, 2)
    first = replace(plan.bodies[0], calendar=closed)
    operation = office.plan(replace(plan, bodies=(first, plan.bodies[1])))
    office.go_on()
    assert office.happenings() == []
    with office.owner.begin() as connection:
        connection.execute(sa.text("UPDATE moyai.wave SET began_at = began_at - interval '8 days'"))
    office.conductor = office.new_conductor()
    office.go_on()
    office.conductor = office.new_conductor()
    office.go_on()
    assert office.happenings() == [("window_missed", "100000")]
    with office.operator.begin() as connection:
        want(connection, operation, "cancel", "operator:a@example.jp")
    office.go_on()
    assert office.happenings()[1:] == [("done", None)]


def test_what_is_not_written_with_its_cause_is_not_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.plan(replace(make_plan(office.folder, 1), approval_seconds=3600))

    def fail(*_: object) -> bool:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Conductor, "_apply", fail)
        assert office.conductor.look() is False
    assert office.happenings() == []
    office.conductor.look()
    assert office.happenings() == [("approval_wanted", None)]


def test_a_receiver_that_is_away_gets_it_later_under_the_same_id(
    office: Office, web: WebServer
) -> None:
    office.told = replace(office.told, smtp=None, operators=(), bodies=())
    web.status = 503
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.send()
    [(attempts, error)] = office.rows("SELECT attempts, last_error->>'en' FROM moyai.notice")
    assert (attempts, error) == (1, "127.0.0.1 answered with status 503.")
    web.status = 200
    office.send()
    assert len(web.posted) == 1, "it is not time yet"
    with office.owner.begin() as connection:
        connection.execute(NOW)
    office.send()
    assert len({one.headers["webhook-id"] for one in web.posted}) == 1
    assert len(web.posted) == 2
    assert office.rows("SELECT sent_at IS NOT NULL, last_error FROM moyai.notice") == [(True, None)]


def test_what_nobody_takes_is_given_up_with_the_reason(office: Office, web: WebServer) -> None:
    office.told = replace(office.told, smtp=None, operators=(), bodies=())
    web.status = 500
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    for _ in range(record.TRIES + 3):
        office.send()
        with office.owner.begin() as connection:
            connection.execute(NOW)
    assert len(web.posted) == record.TRIES
    with office.operator.connect() as connection:
        [row] = notices(connection, operation=None, unsent=True, limit=10)
    assert (row.status, row.attempts, row.audience) == ("given_up", 20, "webhook:127.0.0.1")
    assert row.error is not None
    assert row.error.en == "127.0.0.1 answered with status 500."
    with office.owner.begin() as connection:
        connection.execute(
            sa.text("UPDATE moyai.notice SET created_at = created_at - interval '8 days'")
        )
    with office.operator.connect() as connection:
        of_days = [
            len(notices(connection, operation=None, unsent=True, limit=10, days=days))
            for days in (7, 9)
        ]
    assert of_days == [0, 1]


def test_a_mail_server_that_is_away_does_not_keep_webhooks_waiting(
    office: Office, mail: MailServer, web: WebServer
) -> None:
    assert office.told.smtp is not None
    office.told = replace(office.told, smtp=replace(office.told.smtp, port=1))
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.send()
    assert len(web.posted) == 1
    tried = office.rows("SELECT sum(attempts) FROM moyai.notice WHERE channel = 'mail'")
    assert tried == [(1,)], "one try tells enough"


def test_an_address_that_left_the_file_gets_nothing(office: Office, mail: MailServer) -> None:
    office.told = replace(office.told, webhooks=())
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.sender._write()
    office.sample = replace(office.sample, operators=())
    office.send()
    assert mail.letters == []
    reasons = office.rows("SELECT DISTINCT last_error->>'en' FROM moyai.notice")
    assert reasons == [("tenants.yaml does not have its address any more.",)]


def test_a_file_that_cannot_be_read_loses_nothing(office: Office, web: WebServer) -> None:
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.trouble = UsageError(same("no such file"))
    office.send()
    assert (office.log, web.posted) == (["no such file"], [])
    office.trouble = None
    office.send()
    assert len(web.posted) == 1


def test_what_stands_still_is_told_once_though_the_file_cannot_be_read(
    office: Office, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged, "_FRESH_SECONDS", 0.0)
    moments = [0.0]
    office.conductor = office.new_conductor(Troubles(clock=lambda: moments[0]))
    plan = replace(make_plan(office.folder, 1), approval_seconds=3600)
    operation = office.plan(plan)
    with office.operator.begin() as connection:
        moment = datetime.now(UTC).replace(microsecond=0)
        approve(connection, operation, "plan", "a@example.jp", plan_sha256(plan), "none", moment)
    office.conductor.look()
    assert office.happenings() == [("approval_wanted", None)]
    office.trouble = UsageError(same("no such file"))
    for moments[0], told in ((0.0, 0), (59.0, 0), (61.0, 1), (200.0, 1)):
        office.conductor.look()
        assert office.happenings().count(("stalled", None)) == told
    office.send()
    assert [json.loads(one.body)["type"] for one in web.posted] == ["operation.stalled"]
    assert "no such file" in json.loads(web.posted[0].body)["data"]["text"]["en"]
    office.trouble = None
    office.send()
    assert len(web.posted) == 2


def test_a_plan_of_another_version_is_left_to_its_workers(office: Office, web: WebServer) -> None:
    office.told = replace(office.told, smtp=None, operators=(), bodies=())
    for number in (1, 2):
        office.plan(make_plan(office.folder, number))
        office.go_on()
    strange, _ = (str(one) for [one] in office.rows("SELECT id FROM moyai.operation ORDER BY id"))

    def plan(operation: str) -> tuple[OperationPlan, str]:
        if operation == strange:
            raise ValueError
        return sources.plan(operation)

    sources = office.sender.sources
    office.sender.sources = replace(sources, plan=plan)
    office.send()
    assert len(web.posted) == 1, "the other one"
    office.sender = office.new_sender()
    office.send()
    assert len(web.posted) == 2


def test_two_workers_send_each_notice_once(office: Office, web: WebServer) -> None:
    office.told = replace(office.told, smtp=None, operators=(), bodies=())
    fails = {f"{code}:write-1:1": "failed" for code in range(100000, 100012)}
    office.plan(make_plan(office.folder, 12, at_once=12, tolerance=12, **fails))
    office.go_on()
    senders = [office.new_sender() for _ in range(3)]

    def work(at: int) -> None:
        while senders[at].look():
            pass

    threads = [Thread(target=work, args=(at,)) for at in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    ids = [one.headers["webhook-id"] for one in web.posted]
    assert len(ids) == len(set(ids)) == 13


def test_a_sender_that_dies_leaves_its_notice_to_the_others(office: Office, web: WebServer) -> None:
    office.told = replace(office.told, smtp=None, operators=(), bodies=())
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.sender._write()
    with office.worker.begin() as connection:
        assert take_due(connection, ()) is not None
    office.send()
    assert web.posted == [], "it is the other's for a while"
    with office.owner.begin() as connection:
        connection.execute(NOW)
    office.send()
    assert len(web.posted) == 1


def test_workers_tell_what_happens_though_one_is_killed_meanwhile(
    places: Logins, tmp_path: Path, web: WebServer
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    file = lay_out(tmp_path / "project")
    hook = f"{{ url: {web.url}, secret_file: {secret}, events: [wave_held, debt] }}"
    words = f"operations:\n  notifications: {{ webhooks: [{hook}] }}\n"
    file.write_text(file.read_text("utf-8").replace("operations:\n", words), "utf-8")
    fleet = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path, file=file)
    try:
        fleet.start(number=2, bodies=8)
        fails = {f"{code}:write-1:1": "failed" for code in range(100000, 100006)}
        plan = make_plan(fleet.folder, 8, at_once=4, **fails)
        operation = fleet.plan(plan)
        fleet.until(operation, lambda one: one.row.status == "held", 30)
        os.kill(fleet.worker_pids()[0], signal.SIGKILL)
        view = fleet.until(operation, _nothing_runs, 30)
        failed = sum(one.status == "failed" for one in view.bodies)
        _until_posted(fleet, web, failed + 1)
    finally:
        fleet.close()
    kinds = {one.headers["webhook-id"]: json.loads(one.body)["type"] for one in web.posted}
    assert sorted(kinds.values()) == ["operation.debt"] * failed + ["operation.wave_held"]


def _nothing_runs(view: OperationView) -> bool:
    return all(one.status != "running" for one in view.bodies)


def _until_posted(fleet: Fleet, web: WebServer, number: int) -> None:
    """Wait for so many; what the dead worker was sending is due at once rather than in minutes."""
    engine = open_engine(fleet.places.url, role="moyai_owner", pool_size=1)
    deadline = time.monotonic() + 40
    while len({one.headers["webhook-id"] for one in web.posted}) < number:
        assert time.monotonic() < deadline, (len(web.posted), number, fleet.logs()[-3000:])
        with engine.begin() as connection:
            connection.execute(NOW)
        time.sleep(1)
    engine.dispose()


def test_no_address_is_on_record(office: Office, mail: MailServer, web: WebServer) -> None:
    office.plan(make_plan(office.folder, 1))
    office.go_on()
    office.send()
    kept = str(office.rows("SELECT audience, address_sha256, content::text FROM moyai.notice"))
    assert web.url not in kept
    assert SECRET not in kept
