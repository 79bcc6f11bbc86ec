"""Alerts from reports: any order, any repetition, the same alert in the end."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from collector.core import alerts
from collector.core.alerts import Alert, Report
from event_contract.kinds import INCIDENT_KINDS
from event_contract.times import format_time
from event_contract.times import parse_time as now_of
from tests.wire_messages import DEVICE, incident, lost

NOW = 1_772_000_000.0
ENDED = "2026-03-02T00:20:00Z"


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


@given(st.data())
def test_when_the_run_is_over_no_alert_of_it_stays_open_in_any_order(data: st.DataObject) -> None:
    """Reports of one run and the births of the two runs after it, in any order of arrival; no report is left behind."""
    phases = data.draw(st.lists(st.sampled_from(["new", "update", "end"]), min_size=1, max_size=4))
    reports = [report(revision, phase, ended_at=ENDED if phase == "end" else None) for revision, phase in enumerate(phases, 1)]
    arrivals = data.draw(st.permutations([*reports, *data.draw(st.lists(st.sampled_from(reports), max_size=2)), None, None]))
    alert, births, first_birth_after = None, [], None
    for now, arrival in enumerate(arrivals):
        if arrival is None:
            births.append(format_time(now))
            alert = alert and alerts.end_run(alert, births[-1])
        else:
            over_at = now_of(births[-1]) if births else None
            alert, _ = alerts.decide(alert, replace(arrival, run_over_at=over_at), now)
        if alert is not None:
            first_birth_after = first_birth_after or (births[-1] if births else None)
            assert alert.state == "closed" or not births
            assert (alert.ended_by == "run_over") == (alert.state == "closed" and alert.ended_at != ENDED)
    assert alert is not None and alert.state == "closed" and alert.revision == len(phases)
    if phases[-1] == "end":
        assert (alert.ended_at, alert.ended_by) == (ENDED, None)
    else:
        assert alert.ended_by == "run_over" and alert.ended_at in births
        if "end" not in phases:
            assert alert.ended_at == first_birth_after


def test_what_is_over_when_it_is_first_told_makes_no_sound_and_its_own_end_corrects_it() -> None:
    alert, action = alerts.decide(None, replace(report(1, "new"), run_over_at=NOW), NOW + 5)
    assert action == alerts.Action("close", audible=False)
    assert alert is not None and (alert.ended_at, alert.ended_by) == (format_time(NOW), "run_over")
    same, action = alerts.decide(alert, replace(report(1, "new"), run_over_at=NOW + 9), NOW + 10)
    assert (same, action) == (alert, None)
    alert, action = alerts.decide(alert, replace(report(2, "end", ended_at=ENDED), run_over_at=NOW), NOW + 10)
    assert action == alerts.Action("update", audible=False)
    assert alert is not None and (alert.ended_at, alert.ended_by) == (ENDED, None)


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
