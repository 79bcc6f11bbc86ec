"""What people say of alerts, beside what their devices tell: whatever comes in whatever order, neither spoils the other."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from collector.core import alerts, life
from collector.core.alerts import Alert, Report
from collector.core.delivery import Received
from collector.core.life import Refusal, Word
from collector.core.standing import DEEDS, LIVE, NOTHING_SAID, Deed, shown
from collector.store.alerts import acting
from collector.store.event_store import EventStore
from event_contract import topics
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.wire_messages import DEVICE, event, incident

NOW = 1_772_000_000.0
AT = format_time(NOW)
ID = f"{DEVICE}/9f2c61d0/north/17"

steps = st.one_of(
    st.builds(
        lambda revision, phase, severity: Report(
            DEVICE, "qn", incident(revision=revision, phase=phase, severity=severity), late=False
        ),
        st.integers(1, 6),
        st.sampled_from(["new", "update", "end"]),
        st.sampled_from(["medium", "high", "critical"]),
    ),
    st.sampled_from(DEEDS),
)


def word(deed: Deed, by: str = "an", **more: Any) -> Word:
    return replace(Word(deed, by, AT), **more)


def opened(**changes: object) -> Alert:
    alert, _ = alerts.decide(None, Report(DEVICE, "qn", incident(**changes), late=False), NOW)
    assert alert is not None
    return alert


def after(alert: Alert, *deeds: Deed) -> Alert:
    for deed in deeds:
        outcome = life.act(alert, word(deed))
        assert not isinstance(outcome, Refusal), outcome.why
        alert, _ = outcome
    return alert


@given(st.lists(steps, max_size=14))
def test_devices_and_people_do_not_spoil_each_other_s_word(steps: list[Report | Deed]) -> None:
    alert: Alert | None = None
    unsaid: Alert | None = None  # the same without people
    for step in steps:
        before = alert
        if isinstance(step, Report):
            alert, action = alerts.decide(alert, step, NOW)
            unsaid, _ = alerts.decide(unsaid, step, NOW)
            assert before is None or alert is None or alert.said.verdict == before.said.verdict
        elif alert is not None:
            outcome = life.act(alert, word(step))
            if isinstance(outcome, Refusal):
                continue
            alert, action = outcome
            assert life.act(alert, word(step, by="binh")) == (alert, None)  # twice is once
            assert action is None or (action.name, action.audible, alert.said.by) == (step, False, "an")
        if alert is None or unsaid is None:
            continue
        assert alert.state == shown(alert.told, alert.said)
        assert structs.replace(alert, said=NOTHING_SAID, state=unsaid.state) == unsaid
        assert action is None or not action.audible or alert.state in LIVE


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        ((), "open"),
        (("acknowledge",), "acknowledged"),
        (("acknowledge", "confirm"), "confirmed"),
        (("confirm", "acknowledge"), "confirmed"),
        (("confirm", "resolve"), "resolved"),
        (("confirm", "resolve", "reopen"), "confirmed"),
        (("confirm", "reject"), "rejected"),
        (("reject", "confirm"), "confirmed"),
        (("reject", "reopen"), "open"),
        (("acknowledge", "resolve", "reopen"), "open"),
    ],
)
def test_the_way_of_an_alert(deeds: tuple[Deed, ...], state: str) -> None:
    assert after(opened(), *deeds).state == state


def test_what_is_over_stays_over_unless_a_person_opens_it_again() -> None:
    closed = opened(phase="end")
    assert after(closed, "confirm").state == "closed" and after(closed, "confirm").said.verdict == "confirmed"
    again = after(closed, "reopen")
    assert again.state == "open"
    assert after(again, "acknowledge").state == "acknowledged"
    assert after(again, "resolve", "reopen").state == "open"


def test_what_is_done_already_and_what_cannot_be_done() -> None:
    rejected = after(opened(), "reject")
    assert isinstance(life.act(rejected, word("acknowledge")), Refusal)
    assert isinstance(life.act(rejected, word("resolve")), Refusal)


def test_the_severity_rises_and_is_heard_again_and_does_not_fall() -> None:
    alert = after(opened(severity="medium"), "acknowledge")
    worse, action = alerts.decide(alert, Report(DEVICE, "qn", incident(revision=2, severity="high"), late=False), NOW)
    assert action == alerts.Action("update", audible=True)
    assert worse is not None and (worse.severity, worse.state) == ("high", "acknowledged")
    better, action = alerts.decide(worse, Report(DEVICE, "qn", incident(revision=3, severity="low"), late=False), NOW)
    assert better is not None and better.severity == "high" and action == alerts.Action("update", audible=False)


def test_what_begins_again_after_it_was_dealt_with_is_heard_and_what_is_false_stays_so() -> None:
    going_on = Report(DEVICE, "qn", incident(revision=3, phase="update"), late=False)
    ended = opened(revision=2, phase="end")
    known = structs.replace(ended, said=structs.replace(NOTHING_SAID, handling="resolved"), state="resolved")
    alert, action = alerts.decide(known, going_on, NOW)
    assert alert is not None and alert.state == "open" and action == alerts.Action("open", audible=True)
    alert, action = alerts.decide(after(ended, "reject"), going_on, NOW)
    assert alert is not None and alert.state == "rejected" and action is not None and not action.audible


def put(store: EventStore, revision: int, **changes: object) -> None:
    body = incident(revision=revision, **changes)
    store.commit([Received(topics.event(DEVICE, "incident"), event(body, revision), NOW)])


def test_in_the_store_a_deed_is_written_with_who_when_and_why_and_a_lost_race_is_told(database: StoreDatabase) -> None:
    with closing(database.store()) as store, closing(database.reader()) as db:
        put(store, 1, phase="new")
        [done], committed = store.perform(lambda book: acting.act(book, [ID], word("confirm", reason="thấy rõ", seen=1)))
        assert (done.outcome, [one.action for one in committed.changes]) == ("changed", ["confirm"])
        put(store, 2)  # a device's report is no race
        [late], _ = store.perform(lambda book: acting.act(book, [ID], word("reject", by="binh", seen=1)))
        assert (late.outcome, late.why) == ("refused", "an has changed it meanwhile: it is confirmed")
        [none, same], _ = store.perform(lambda book: acting.act(book, ["no/such", ID], word("confirm", by="binh", seen=1)))
        assert (none.outcome, same.outcome) == ("unknown", "unchanged")
        changes = acting.whole(db, ID)["changes"]  # type: ignore[index]
        told = [(one["action"], one["by"], one["reason"], one["state"]) for one in changes]
        assert told == [
            ("open", "device", "", "open"),
            ("confirm", "an", "thấy rõ", "confirmed"),
            ("update", "device", "", "confirmed"),
        ]


def test_one_s_own_newest_word_can_be_taken_back(database: StoreDatabase) -> None:
    with closing(database.store()) as store:
        put(store, 1, phase="new")
        store.perform(lambda book: acting.act(book, [ID], word("confirm")))
        store.perform(lambda book: acting.act(book, [ID], word("resolve")))
        put(store, 2, phase="end")
        other, _ = store.perform(lambda book: acting.undo(book, ID, "binh", AT))
        assert other.outcome == "refused"
        own, _ = store.perform(lambda book: acting.undo(book, ID, "an", AT))
        assert own.alert is not None and (own.alert.state, own.alert.said.verdict) == ("closed", "confirmed")
        twice, _ = store.perform(lambda book: acting.undo(book, ID, "an", AT))
        assert twice.outcome == "refused"
