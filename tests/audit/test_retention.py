"""What is older than the retention leaves the table: exported, verified and anchored first, a segment at a time."""

import hashlib
from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.audit import anchor, chain, disk, retention, segments
from drsorch.audit.models import AuditEvent, AuditSegment
from drsorch.audit.record import BrokenChain, record
from drsorch.audit.verify import verify
from drsorch.config import tasks
from drsorch.config.services import update_settings
from tests import factories
from tests.audit.past import LONG_AGO, append, close, files, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(ada, segment_folder):
    """Four events of long ago and two of today."""
    append(ada, 4, LONG_AGO)
    append(ada, 2)


def in_table():
    return list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True))


def stays_as_it_was(segment_folder):
    """Whether nothing has left the table, and no file is there that no segment names."""
    return in_table() == [1, 2, 3, 4, 5, 6] and not AuditSegment.objects.exists() and not any(segment_folder.glob("*"))


def test_old_events_leave_with_a_segment_and_the_chain_still_verifies(trail):
    before = AuditEvent.objects.get(sequence=4)

    tasks.close_audit_segments()

    segment = AuditSegment.objects.get()
    assert (segment.first_sequence, segment.last_sequence, segment.count) == (1, 4, 4)
    assert (segment.previous_hash, segment.last_hash, segment.by) == ("", before.hmac, "schedule")
    assert in_table() == [5, 6, 7]
    report = verify()
    assert (report.problems, report.unread, report.events, report.segments, report.sequence) == ([], [], 7, 1, 7)


def test_the_file_has_the_events_as_they_were_sealed_and_a_head_that_says_what_is_in_it(trail):
    rows = {row["sequence"]: row for row in AuditEvent.objects.values(*segments.COLUMNS)}
    close()
    segment, (path,) = AuditSegment.objects.get(), files()
    head, events = lines(path)

    assert [chain.canonical(row) for row in events] == [chain.canonical(rows[number]) for number in (1, 2, 3, 4)]
    assert head == segments.head_of(segment)
    assert head["at"] == chain.written(segment.at)
    assert head["sha256"] == hashlib.sha256(path.read_bytes().partition(b"\n")[2]).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_left_is_an_event_of_the_installation_and_is_anchored(trail, anchor_file):
    close()
    segment, event = AuditSegment.objects.get(), AuditEvent.objects.first()

    assert (event.action, event.actor, event.actor_kind) == ("close_audit_segment", "schedule", "SYSTEM")
    assert (event.object_kind, event.object_id, event.object_name) == (
        "auditsegment",
        str(segment.pk),
        "segment 1 to 4",
    )
    assert event.detail == {"first": 1, "last": 4, "events": 4, "sha256": segment.sha256}
    assert anchor.read(anchor_file).sequence == event.sequence == 7


def test_an_event_is_as_old_as_the_setting_says_when_it_leaves(ada, segment_folder):
    append(ada, 1, 101)
    append(ada, 1, 99)
    update_settings(actor=ada, version=None, audit_days=100)

    tasks.close_audit_segments()

    assert in_table() == [2, 3, 4]
    assert [event.action for event in AuditEvent.objects.all()[:2]] == ["close_audit_segment", "update_settings"]


def test_events_of_the_last_90_days_stay_whatever_is_asked_for(ada, segment_folder):
    append(ada, 1, 91)
    append(ada, 1, 89)

    assert close(since=timezone.now())

    assert in_table() == [2, 3]


def test_only_the_beginning_of_the_chain_leaves(ada, segment_folder):
    append(ada, 1, LONG_AGO)
    append(ada, 1)
    append(ada, 1, LONG_AGO)  # of a clock that was wrong

    close()

    assert in_table() == [2, 3, 4]


def test_nothing_is_closed_when_nothing_is_old(ada, segment_folder):
    assert close()
    append(ada, 2)
    assert close()

    assert in_table() == [1, 2]
    assert not segment_folder.exists()


def test_many_events_leave_with_several_segments_that_follow_each_other(trail, monkeypatch):
    monkeypatch.setattr(retention, "LARGEST", 3)

    assert close()

    first, second = AuditSegment.objects.order_by("first_sequence")
    assert [(row.first_sequence, row.last_sequence) for row in (first, second)] == [(1, 3), (4, 4)]
    assert second.previous_hash == first.last_hash
    assert verify().is_good


def test_a_whole_chain_may_leave_and_goes_on(ada, segment_folder):
    append(ada, 3, LONG_AGO)
    close()
    append(ada, 1)

    assert in_table() == [4, 5]
    assert verify().is_good


def test_when_the_time_is_over_the_rest_waits_for_the_next_run(trail, segment_folder):
    assert not close(seconds=0)
    assert stays_as_it_was(segment_folder)

    assert close()
    assert in_table() == [5, 6, 7]


def test_what_does_not_fit_into_one_task_is_the_next_one_s(trail, monkeypatch):
    monkeypatch.setattr(retention.close_segments, "__kwdefaults__", {"seconds": 0})
    tasks.close_audit_segments()
    (rung,) = OrmQ.objects.all()
    assert rung.func() == "drsorch.config.tasks.close_audit_segments"

    monkeypatch.undo()
    tasks.close_audit_segments()
    assert in_table() == [5, 6, 7]
    assert OrmQ.objects.count() == 1


def test_to_have_closed_a_segment_is_no_reason_to_close_another(ada, segment_folder, monkeypatch):
    append(ada, 2, LONG_AGO)
    close()
    monkeypatch.setattr(retention.timezone, "now", lambda now=timezone.now: now() + timedelta(days=LONG_AGO))

    assert close()
    assert in_table() == [3]

    append(ada, 1, LONG_AGO + 1)
    assert close()
    assert AuditSegment.objects.first().last_sequence == 4


def test_what_does_not_verify_stays_where_it_is(trail, segment_folder, unguarded):
    unguarded(("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 3",))

    with pytest.raises(retention.NotClosed, match=r"segment 1 to 4 was not closed\. .* Event 3 \(.* was changed"):
        close()
    assert stays_as_it_was(segment_folder)


def test_nothing_leaves_after_a_gap(trail, segment_folder, unguarded):
    unguarded(("DELETE FROM audit_auditevent WHERE sequence = 1",))

    with pytest.raises(retention.NotClosed, match="does not follow event 1"):
        close()
    assert in_table() == [2, 3, 4, 5, 6]


def test_nothing_leaves_that_is_not_anchored(trail, segment_folder, settings):
    settings.AUDIT_ANCHOR_FILE = ""

    with pytest.raises(retention.NotClosed, match="AUDIT_ANCHOR_FILE is empty"):
        close()
    assert stays_as_it_was(segment_folder)


def test_nothing_leaves_while_the_anchor_does_not_fit(trail, segment_folder, anchor_file):
    anchor.write()
    anchor_file.write_text("{}")

    with pytest.raises(anchor.BrokenAnchor):
        close()
    assert stays_as_it_was(segment_folder)


def test_nothing_leaves_when_the_disk_is_full(trail, segment_folder, monkeypatch):
    def die(_):
        raise OSError("The disk is full.")

    monkeypatch.setattr(disk.os, "fsync", die)
    with pytest.raises(OSError, match="disk is full"):
        close()
    assert stays_as_it_was(segment_folder)


def test_nothing_leaves_without_the_event_that_says_so(trail, monkeypatch):
    def die(*_, **__):
        raise BrokenChain("The head is gone.")

    monkeypatch.setattr(retention, "record", die)
    with pytest.raises(BrokenChain):
        close()

    assert in_table() == [1, 2, 3, 4, 5, 6]
    assert verify().is_good
    monkeypatch.undo()
    close()
    assert in_table() == [5, 6, 7]


def test_the_schedule_closes_segments_every_day():
    (entry,) = [
        each for each in configured.QUEUE_SCHEDULES if each["func"] == "drsorch.config.tasks.close_audit_segments"
    ]

    assert entry["minutes"] == 24 * 60


def test_events_are_appended_and_verified_while_others_leave(at_once, segment_folder, monkeypatch):
    monkeypatch.setattr(retention, "LARGEST", 5)
    ada, written = factories.person("ada"), 20
    append(ada, 40, LONG_AGO)

    def leave():
        close()
        return verify()

    def write():
        for number in range(written):
            with transaction.atomic():
                record(ada, "create_plan", ada.user, number=number)
        return verify()

    reports = at_once(leave, write, verify)

    assert [report.problems for report in reports] == [[]] * 3
    last = max(reports, key=lambda report: report.sequence)
    assert (last.segments, last.events) == (8, 40 + written + 8)


def test_of_two_that_close_at_once_one_does_and_leaves_no_other_file(at_once, segment_folder):
    append(factories.person("ada"), 40, LONG_AGO)

    def leave():
        with suppress(IntegrityError):  # of the one that came second
            close()
        return verify()

    reports = at_once(leave, leave)

    assert [(report.problems, report.unread, report.segments, report.events) for report in reports] == [
        ([], [], 1, 41)
    ] * 2
    assert len(list(segment_folder.iterdir())) == 1


def test_what_another_has_closed_meanwhile_is_not_closed_again(trail, monkeypatch):
    due = retention._last_due

    def overtaken(since):
        last = due(since)
        monkeypatch.setattr(retention, "_last_due", due)
        close()
        return last

    monkeypatch.setattr(retention, "_last_due", overtaken)
    close()

    assert AuditSegment.objects.get().last_sequence == 4
    assert (verify().problems, len(files())) == ([], 1)
