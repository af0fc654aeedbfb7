"""Who may do what, through the doors that every face goes through; and the file of people."""

from __future__ import annotations

import copy
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graph import delivery, people
from graph.alerting import Alerting
from graph.exporting import export
from graph.jobs import Jobs
from graph.people import Users
from graph.permissions import LEAST, Actor, PermissionDenied, acting, may, require
from graph.runs import Runs
from graph.scheduling import Scheduling
from graph.watching import Watching
from memory import Memory
from memory.channels import NewChannel
from memory.errors import StoreError
from memory.model import Decision
from memory.people import ROLES, People, Person, Token, new_person
from tests.support.stores import proposed

DEEDS = {
    "view": "1111",
    "start": "0111",
    "cancel": "0111",
    "resume": "0111",
    "export": "0111",
    "schedule": "0111",
    "decide": "0011",
    "reopen": "0011",
    "import": "0011",
    "disable": "0011",
    "judge": "0011",
    "remember": "0011",
    "drop": "0011",
    "watch": "0011",
    "snooze": "0011",
    "promote": "0011",
    "settings": "0001",
    "users": "0001",
}
"""For each deed whether a viewer, an author, an approver and an admin may do it."""
LONG = "correct horse battery"


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "users.toml"
    monkeypatch.setenv("ASSAY_USERS", str(path))
    return path


@pytest.fixture
def quick(monkeypatch) -> None:
    """Passwords that are hashed in no time."""
    monkeypatch.setattr("memory.people.COST", 16)


@pytest.fixture
def four() -> People:
    """One person of each role, named after it."""
    known = People()
    for role in ROLES:
        known.add(Person(role, role, f"{role}@example.com"))
    return known


def allowed(deed, who) -> bool:
    try:
        require(who, deed)
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize("deed", LEAST)
def test_each_deed_needs_its_role(deed, four):
    wanted = [letter == "1" for letter in DEEDS[deed]]
    assert [allowed(deed, Actor("ann", role)) for role in ROLES] == wanted
    assert [allowed(deed, role) for role in ROLES] == wanted, "a bare name has the role of the file"
    assert [may(Actor("ann", role), deed) for role in ROLES] == wanted
    assert not allowed(deed, None)
    assert not allowed(deed, "")
    assert not allowed(deed, "mallory")


def deeds(store: Memory, run_id: str, source: str, who: str | None):
    """What a face can do through the doors, by the deed that it needs."""
    runs, jobs, users, watching = Runs(store), Jobs(store, who), Users(store, who), Watching(store, who)
    schedules = Scheduling(store, who)
    alerting, dataset = Alerting(store, who), store.catalog.datasets()[0].id
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return {
        "start": [
            lambda: runs.start([source], requested_by=who, model="offline"),
            lambda: jobs.profile(source),
            lambda: jobs.recommend(source),
            lambda: jobs.validate(source, "Rules = [RowCount > 0]"),
            lambda: jobs.compare(source, source),
            lambda: jobs.foreign_keys([source]),
            lambda: jobs.explain(source, "Rules = [RowCount > 0]"),
        ],
        "cancel": [lambda: runs.cancel(run_id, who)],
        "resume": [lambda: runs.resume(run_id, who), watching.retry],
        "export": [lambda: export(store, f"{source}.metrics", who)],
        "schedule": [
            lambda: schedules.add("@daily", "profile", source),
            lambda: schedules.pause(1),
            lambda: schedules.resume(1),
            lambda: schedules.remove(1),
            lambda: schedules.run_now(1),
        ],
        "decide": [lambda: runs.decide(run_id, [Decision(1, "reject", reason="no")], who)],
        "reopen": [lambda: runs.reopen(run_id, who)],
        "import": [lambda: jobs.import_rules(store.catalog.datasets()[0], ["RowCount > 0"])],
        "disable": [lambda: jobs.disable(1, "legal")],
        "judge": [lambda: jobs.judge(1, "normal", "a sale")],
        "watch": [
            lambda: watching.add(str(Path(source).parent)),
            lambda: watching.pause(1),
            lambda: watching.remove(1),
        ],
        "snooze": [
            lambda: alerting.snooze(1, tomorrow, "known"),
            lambda: alerting.snooze_dataset(dataset, tomorrow, "known"),
            lambda: alerting.resolve(1, "known"),
        ],
        "settings": [
            lambda: alerting.add_channel(NewChannel("bus", "eventbridge", "default")),
            lambda: alerting.remove_channel("bus"),
            lambda: alerting.test_channel("bus"),
            lambda: alerting.set_threshold(None, "", 0.9),
            lambda: alerting.set_page("https://assay.example.com"),
            alerting.retry,
            lambda: people.change_setting(store, "approver_differs", True, who),
            lambda: delivery.retry(store, who),
        ],
        "users": [
            users.all,
            lambda: users.add("new", "viewer"),
            lambda: users.set_role("viewer", "admin"),
            lambda: users.set_password("viewer", LONG),
            lambda: users.issue_token("viewer"),
            lambda: users.revoke_tokens("viewer"),
            lambda: users.remove("viewer"),
        ],
    }


def state(store: Memory) -> list:
    """Everything of the store that a deed could change, and the file."""
    tables = ("runs", "watches", "decisions", "dq_rules", "settings", "evaluations", "profiles", "audit_log")
    tables += ("alert_channels", "alert_snoozes", "alert_thresholds")
    counted = [store.db.rows(f"select * from {table} order by 1") for table in tables]
    return [*counted, People().path.read_bytes()]


@pytest.mark.parametrize("role", [*ROLES[:3], None])
def test_no_door_lets_anybody_do_more_than_the_role_allows(role, store, four, tmp_path):
    source = str(tmp_path / "orders.csv")
    Path(source).write_text("id,email\n1,a@example.com\n")
    run, _, _ = proposed(store, 'IsComplete "email"')
    before = state(store)
    tried = 0
    for deed, calls in deeds(store, run.id, source, role).items():
        if DEEDS[deed][ROLES.index(role) if role else 0] == "1":
            continue
        for call in calls:
            tried += 1
            with pytest.raises(PermissionDenied):
                call()
    assert tried >= 8
    assert state(store) == before


def test_whoever_decides_is_written_down_as_the_file_spells_it(store, four):
    run, _, _ = proposed(store, 'IsComplete "email"')
    Runs(store).decide(run.id, [Decision(1, "reject", reason="no")], " APPROVER ")
    assert Runs(store).proposals(run.id)[0].decision.actor == "approver"


def test_without_a_user_file_there_is_one_person_who_may_all(monkeypatch, tmp_path):
    monkeypatch.delenv("ASSAY_USERS")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    assert not people.sign_in_needed()
    assert acting("ann") == "ann"
    assert acting("ann").role == "admin"
    assert acting(None).role == "admin"
    (tmp_path / "users.toml").touch(0o600)
    assert people.sign_in_needed()
    with pytest.raises(PermissionDenied):
        acting("ann")


def test_a_user_file_that_is_named_and_missing_lets_nobody_in(file):
    assert people.sign_in_needed()
    with pytest.raises(PermissionDenied, match="Nobody is signed in"):
        acting(None)
    assert people.actor_of_password("ann", LONG) is None


def test_an_actor_is_copied_with_the_role():
    ann = Actor("ann", "viewer")
    assert copy.deepcopy(ann).role == "viewer"
    assert f"{ann}" == "ann"


def test_people_sign_in_by_password(file):
    known = People()
    known.add(new_person("Ann", "approver", password=LONG))
    known.add(new_person("bot", "author"))
    signed = people.actor_of_password("ann", LONG)
    assert signed == "Ann"
    assert signed.role == "approver"
    for name, password in [("ann", LONG + "x"), ("ann", ""), ("eve", LONG), ("bot", ""), ("bot", LONG), ("", LONG)]:
        assert people.actor_of_password(name, password) is None
    text = file.read_text()
    assert LONG not in text
    assert "scrypt$32768$8$3$" in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_same_password_is_kept_in_two_ways(quick):
    assert new_person("a", "viewer", password=LONG).password != new_person("b", "viewer", password=LONG).password


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(monkeypatch, quick):
    known, hashed = People(), []
    known.add(new_person("ann", "viewer", password=LONG))
    known.add(new_person("bot", "viewer"))
    real = people.People.by_password.__globals__["_scrypt"]
    monkeypatch.setattr("memory.people._scrypt", lambda *given: hashed.append(given[2:]) or real(*given))
    for name in ("ann", "eve", "bot"):
        people.actor_of_password(name, "wrong" * 3)
    assert hashed == [(16, 8, 3)] * 3


def test_programs_sign_in_by_token_until_it_ends(store, file, monkeypatch, four):
    users = Users(store, Actor("root", "admin"))
    token = users.issue_token("author", days=1)
    assert people.actor_of_token(token).role == "author"
    assert people.actor_of_token(f" {token}\n") == "author"
    public, secret = token.split("_", 2)[1:]
    for wrong in ("", "assay", token[:-1], token + "x", f"assay__{secret}", f"assay_{public}_", "assay_0_0", "é" * 9):
        assert people.actor_of_token(wrong) is None
    assert secret not in file.read_text()
    assert users.revoke_tokens("author") == 1
    assert people.actor_of_token(token) is None
    late = Token("00", "11", datetime.now(UTC) - timedelta(seconds=1))
    People().change("author", tokens=(late,))
    assert People().find("author").tokens == (late,)


def test_a_token_that_has_ended_lets_nobody_in(store, four):
    token = Users(store, Actor("root", "admin")).issue_token("author", days=0)
    assert people.actor_of_token(token) is None


def test_an_address_finds_its_person(four):
    assert people.actor_of_email(" Viewer@Example.com ").role == "viewer"
    People().add(Person("nomail", "admin"))
    assert people.actor_of_email("") is None
    assert people.actor_of_email("eve@example.com") is None


def test_each_change_of_people_is_told_without_secrets(store, file):
    users = Users(store, Actor("root", "admin"))
    users.add("Ann", "viewer", email="ann@example.com", password=LONG)
    users.set_role("ann", "approver")
    users.set_password("ann", LONG + "!")
    token = users.issue_token("ann")
    users.revoke_tokens("ann")
    users.remove("ann")
    told = store.audit.entries()
    assert [entry.action.removeprefix("user.") for entry in told] == [
        *("added", "role_changed", "password_changed", "token_issued", "tokens_revoked", "removed")
    ]
    assert told[1].data == {"from": "viewer", "to": "approver"}
    assert LONG not in str(told)
    assert token.rsplit("_", 1)[1] not in str(told)
    assert People().all() == []


def test_what_fails_is_not_told(store, four):
    users = Users(store, Actor("root", "admin"))
    for call in (
        lambda: users.add("VIEWER", "admin"),
        lambda: users.add("x", "admin", email="viewer@example.com"),
        lambda: users.add("x", "king"),
        lambda: users.add(" ", "admin"),
        lambda: users.add("x\ny", "admin"),
        lambda: users.add("x", "admin", password="short"),
        lambda: users.set_role("eve", "admin"),
        lambda: users.issue_token("eve"),
        lambda: users.remove("eve"),
    ):
        with pytest.raises(StoreError):
            call()
    assert store.audit.entries() == []
    assert [person.name for person in People().all()] == sorted(ROLES)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "é 🎈", "[x]", "'", "#", "a=b"])
def test_odd_names_come_back_as_they_were(name):
    People().add(Person(name, "viewer", "x@example.com", "scrypt$1$2$3$4$5", (Token("a", "b", datetime.now(UTC)),)))
    assert People().find(name) == People().all()[0]
    assert People().all()[0].name == name


@pytest.mark.parametrize(
    "text",
    [
        "[[user]]\nname = 1",
        '[[user]]\nname = "a"\nrole = "king"',
        "user = 3",
        "[[user]",
        '[[user]]\nname = "a"\nrole = "admin"\npassword = "plain text"',
        '[[user]]\nname = "a"\nrole = "admin"\n[[user.tokens]]\nid = "a"\nsha256 = "b"\nexpires = 2030-01-01',
    ],
)
def test_a_damaged_file_lets_nobody_in_and_says_so(file, text):
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(StoreError):
        acting("a")


def test_a_file_that_others_can_read_is_refused(file, four):
    file.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        acting("viewer")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "assay.example", "localhost.example", ""])
def test_other_machines_are_let_in_only_where_people_sign_in(host, monkeypatch, tmp_path):
    people.check_address(host)
    monkeypatch.delenv("ASSAY_USERS")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with pytest.raises(PermissionDenied, match="nobody has to sign in"):
        people.check_address(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_alone_needs_no_sign_in(host, monkeypatch, tmp_path):
    monkeypatch.delenv("ASSAY_USERS")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    people.check_address(host)
    assert os.listdir(tmp_path) == []
