"""Alerts from reports: any order, any repetition, the same alert in the end."""

from hypothesis import given
from hypothesis import strategies as st

from collector.core import alerts
from collector.core.alerts import Alert, Report
from event_contract.kinds import INCIDENT_KINDS
from tests.wire_messages import DEVICE, incident, lost

NOW = 1_772_000_000.0


def report(revision: int = 1, phase: str = "update", late: bool = False, **changes: object) -> Report:
    return Report(DEVICE, "qn-test", incident(revision=revision, phase=phase, **changes), late)


def told(reports: list[tuple[Report, float]]) -> Alert | None:
    alert = None
    for each, now in reports:
        alert, _ = alerts.decide(alert, each, now)
    return alert


@given(st.data())
def test_any_order_of_revisions_gives_the_same_alert(data: st.DataObject) -> None:
    phases = data.draw(st.lists(st.sampled_from(["new", "update", "end"]), min_size=1, max_size=6))
    lates = data.draw(st.lists(st.booleans(), min_size=len(phases), max_size=len(phases)))
    times = {"started_at": "2026-03-02T00:15:21Z", "updated_at": "2026-03-02T00:15:21Z"}
    reports = [
        (report(i, phase, late, confidence=i / 10, **times), NOW + i)
        for i, (phase, late) in enumerate(zip(phases, lates, strict=True), start=1)
    ]
    repeated = reports + data.draw(st.lists(st.sampled_from(reports), max_size=3))
    alert = told(data.draw(st.permutations(repeated)))
    assert alert == told(reports)
    assert alert is not None
    assert alert.revision == len(phases)
    assert alert.state == ("closed" if phases[-1] == "end" else "open")
    assert alert.late == all(lates)


def test_an_incident_opens_is_updated_and_ends() -> None:
    opened, first = alerts.decide(None, report(1, "new"), NOW)
    assert first == alerts.Action("open", audible=True)
    updated, second = alerts.decide(opened, report(2, "update", confidence=0.95), NOW + 1)
    assert second == alerts.Action("update", audible=False)
    closed, third = alerts.decide(updated, report(3, "end", ended_at="2026-03-02T00:20:00Z"), NOW + 2)
    assert third == alerts.Action("close", audible=False)
    assert closed is not None
    assert (closed.id, closed.state, closed.ended_at) == (f"{DEVICE}/9f2c61d0/north/17", "closed", "2026-03-02T00:20:00Z")
    assert closed.opened_at < closed.received_at


def test_a_report_that_changes_nothing_is_no_change() -> None:
    opened, _ = alerts.decide(None, report(2), NOW)
    assert alerts.decide(opened, report(2), NOW + 1) == (opened, None)
    assert alerts.decide(opened, report(1), NOW + 1) == (opened, None)


def test_a_late_alert_is_silent_until_a_report_comes_in_time() -> None:
    alert, action = alerts.decide(None, report(1, late=True), NOW)
    assert action == alerts.Action("open", audible=False)
    assert alert is not None and alert.late
    alert, action = alerts.decide(alert, report(2, late=False), NOW)
    assert action == alerts.Action("update", audible=True)
    assert alert is not None and not alert.late


def test_an_incident_that_goes_on_after_its_end_opens_again() -> None:
    closed, _ = alerts.decide(None, report(1, "end"), NOW)
    _, action = alerts.decide(closed, report(2, "update"), NOW)
    assert action == alerts.Action("open", audible=True)


def test_shadow_reports_never_alert() -> None:
    assert alerts.decide(None, report(1, shadow=True), NOW) == (None, None)
    alert, _ = alerts.decide(None, report(1), NOW)
    assert alerts.decide(alert, report(2, shadow=True), NOW) == (alert, None)


def test_notices_of_loss_add_up_to_one_alert_per_stream() -> None:
    one, action = alerts.lose(None, DEVICE, "", lost(first=10, last=12), "2026-03-02T00:15:21Z", NOW)
    assert action.name == "close" and not action.audible
    both, action = alerts.lose(one, DEVICE, "", lost(first=3, last=4), "2026-03-02T00:16:21Z", NOW)
    assert action.name == "update"
    assert both.id == one.id and both.kind == "device_fault" and both.state == "closed"
    assert (both.detail["first"], both.detail["last"], both.detail["messages"]) == (3, 12, 5)


def test_every_kind_has_its_title_in_both_languages() -> None:
    for kind, names in INCIDENT_KINDS.items():
        alert = told([(report(kind=kind, severity=names.severity), NOW)])
        assert alert is not None and alert.title == {"vi": names.vi, "en": names.en}
