"""Whoever bends what has left the table, its rows or its files, is found; what was not read is said to be unread."""

# ruff: noqa: S608 (the statements are those of somebody who bends evidence)

import pytest
from django.db import transaction

from drsorch.audit import chain, segments
from drsorch.audit.models import AuditEvent, AuditSegment
from drsorch.audit.segment_checks import check_file
from drsorch.audit.verified import keep
from drsorch.audit.verify import verify
from tests.audit.past import lines

pytestmark = pytest.mark.django_db
TABLE = "audit_auditsegment"
OTHER = {"last_sequence": 99, "count": 3, "at": "2026-01-01 00:00:00+00:00"}


def problems():
    """What a verification says, as one text."""
    return " ".join(verify().problems)


def change(path, old, new):
    """Change a file, as somebody does who can write into the folder."""
    content = path.read_bytes()
    assert content.count(old) >= 1
    path.write_bytes(content.replace(old, new, 1))


def test_segments_and_the_table_are_one_chain(closed, ada):
    report = verify()

    assert (report.problems, report.unread, report.notes) == ([], [], [])
    assert (report.segments, report.events, report.sequence) == (3, 12, 12)
    assert report.counted().endswith("s, 3 segments that have left the table among them, up to event 12.")
    kept = keep(report, ada)
    assert (kept.segments, kept.unread_count) == (3, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"actor":"ada"', b'"actor":"eve"'),
        (b'"sequence":4', b'"sequence":5'),
        (b'"share":0.5', b'"share":0.50'),
        (b"}\n", b"}\n\n"),
    ],
)
def test_a_changed_file_is_found(closed, old, new):
    head, body = closed[1].read_bytes().split(b"\n", 1)
    closed[1].write_bytes(head + b"\n" + body.replace(old, new, 1))

    assert problems() == f"The file {closed[1]} was changed: its events do not fit the digest of the segment 3 to 4."
    assert (verify().segments, verify().events) == (2, 10)


def test_a_file_that_was_cut_is_found(closed):
    closed[1].write_bytes(closed[1].read_bytes()[:-100])

    assert "was changed: its events do not fit the digest of the segment 3 to 4." in problems()


@pytest.mark.parametrize("name", [*segments.FACTS, "hmac"])
def test_a_changed_head_is_found_whatever_was_changed(closed, name):
    head, _ = lines(closed[1])
    other = head[name] + 1 if isinstance(head[name], int) else "f" * 64
    change(closed[1], chain.canonical(head), chain.canonical(head | {name: other}))

    assert problems() == f"The file {closed[1]} is not that of the segment 3 to 4: its head says something else."


@pytest.mark.parametrize("content", [b"", b"[]\n", b"{}\n", b"\xff\n", b"[" * 9000, b'{"first_sequence":1e999}\n'])
def test_a_file_that_is_no_segment_is_found(closed, content):
    closed[1].write_bytes(content)

    assert problems() == f"The file {closed[1]} was changed: its first line is not the head of a segment."


def test_swapped_files_are_found(closed):
    away = closed[0].with_name("away")
    closed[0].rename(away)
    closed[1].rename(closed[0])
    away.rename(closed[1])

    found = problems()
    assert f"The file {closed[0]} is not that of the segment 1 to 2: its head says something else." in found
    assert f"The file {closed[1]} is not that of the segment 3 to 4: its head says something else." in found
    assert verify().segments == 1


def test_a_file_that_is_missing_is_said_to_be_unread_and_is_not_counted_as_verified(closed, ada):
    closed[1].unlink()
    report = verify()

    assert report.problems == []
    assert report.unread == [f"The file of the segment 3 to 4 is missing: {closed[1]}. Its 2 events were not verified."]
    assert (report.unread_count, report.segments, report.events, report.sequence) == (1, 2, 10, 12)
    assert keep(report, ada).unread_count == 1


def test_a_file_that_cannot_be_read_is_said_to_be_unread(closed):
    closed[1].unlink()
    closed[1].mkdir()

    assert verify().problems == []
    assert "The file of the segment 3 to 4 cannot be read (Is a directory)" in verify().unread[0]


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (1, "Events 1 to 2 are missing before segment 3 to 4: deleted, or moved elsewhere."),
        (3, "Events 3 to 4 are missing before segment 5 to 6: deleted, or moved elsewhere."),
        (5, "Events 5 to 6 are missing before event 7: deleted, or moved elsewhere."),
    ],
)
def test_a_removed_segment_is_found(closed, unguarded, first, sentence):
    unguarded((f"DELETE FROM {TABLE} WHERE first_sequence = %s", first))

    assert problems() == sentence


def test_all_segments_gone_are_found(closed, unguarded):
    unguarded((f"DELETE FROM {TABLE}",))

    assert problems() == "Events 1 to 6 are missing before event 7: deleted, or moved elsewhere."


@pytest.mark.parametrize("column", segments.FACTS)
def test_a_changed_segment_is_found_whichever_column_it_is(closed, unguarded, column):
    unguarded((f"UPDATE {TABLE} SET {column} = %s WHERE first_sequence = 3", OTHER.get(column, 2)))

    assert "was changed, or was not written by this installation: its HMAC does not fit what it says." in problems()
    assert verify().segments == 2


def test_a_deleted_range_without_a_segment_is_found(closed, unguarded):
    unguarded(("DELETE FROM audit_auditevent WHERE sequence BETWEEN 7 AND 8",))

    assert problems() == "Events 7 to 8 are missing before event 9: deleted, or moved elsewhere."


def test_a_segment_that_somebody_made_up_to_delete_events_is_found(closed, unguarded, ada):
    last = AuditEvent.objects.get(sequence=8)
    columns = ", ".join((*segments.FACTS, "hmac"))
    made_up = (7, 8, 2, AuditSegment.objects.first().last_hash, last.hmac, "f" * 64, last.at, "schedule", "f" * 64)
    unguarded(
        (f"INSERT INTO {TABLE} ({columns}) VALUES ({', '.join(['%s'] * len(made_up))})", *made_up),
        ("DELETE FROM audit_auditevent WHERE sequence BETWEEN 7 AND 8",),
    )
    report = verify()

    assert report.problems == [
        "The segment 7 to 8 was changed, or was not written by this installation: its HMAC does not fit what it says."
    ]
    assert report.unread_count == 1


def test_events_that_were_put_back_beside_their_segment_are_found(closed, unguarded):
    first = AuditSegment.objects.get(first_sequence=5)
    unguarded(("UPDATE audit_auditevent SET sequence = 6, hmac = %s WHERE sequence = 7", first.last_hash))

    assert "Event 6 is out of order." in problems()


def test_a_segment_of_another_chain_is_found(closed, unguarded, settings):
    row = AuditSegment.objects.get(first_sequence=3)
    facts = segments.facts_of(row) | {"previous_hash": "e" * 64}
    unguarded(
        (
            f"UPDATE {TABLE} SET previous_hash = %s, hmac = %s WHERE first_sequence = 3",
            "e" * 64,
            chain.seal(facts, settings.AUDIT_KEY),
        )
    )

    assert "The segment 3 to 4 does not follow event 2: one of them was replaced." in problems()


def test_the_events_after_the_last_segment_must_follow_it(closed, unguarded, settings):
    facts = AuditEvent.objects.values(*chain.FACTS).get(sequence=7) | {"previous_hash": "e" * 64}
    mac = chain.seal(facts, settings.AUDIT_KEY)
    unguarded(("UPDATE audit_auditevent SET previous_hash = %s, hmac = %s WHERE sequence = 7", "e" * 64, mac))

    assert "does not follow event 6: one of them was moved or replaced." in problems()


def test_the_key_may_be_changed_between_segments_and_the_old_one_closes_no_more(closed, settings, unguarded):
    old = settings.AUDIT_KEY
    settings.AUDIT_KEY, settings.AUDIT_OLD_KEYS = "another key of at least 32 characters", [old]
    assert verify().problems == []
    assert check_file(closed[0]).problems == []

    first = AuditSegment.objects.get(first_sequence=1)
    renewed = chain.seal(segments.facts_of(first), settings.AUDIT_KEY)
    unguarded((f"UPDATE {TABLE} SET hmac = %s WHERE first_sequence = 1", renewed))
    assert "The segment 3 to 4 is sealed under an old key, after a newer one had come into use." in problems()


def test_segments_are_added_and_read_and_nothing_else(closed):
    row = AuditSegment.objects.first()

    for attempt in (
        row.save,
        row.delete,
        AuditSegment.objects.all().delete,
        lambda: AuditSegment.objects.update(by="x"),
    ):
        with pytest.raises(TypeError, match=r"^Audit segments cannot be"), transaction.atomic():
            attempt()
    assert AuditSegment.objects.count() == 3
