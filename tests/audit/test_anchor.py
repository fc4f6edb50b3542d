"""The anchor is outside the database, moves on with the chain, and never over something that does not fit."""

import json
import stat

import pytest
from django.db import transaction

from drsorch.audit import anchor, disk, tasks
from drsorch.audit.models import AuditAnchor, AuditEvent
from drsorch.audit.record import record
from drsorch.audit.verify import verify
from tests import factories

pytestmark = pytest.mark.django_db
DELETE, UPDATE = "DELETE FROM audit_auditevent WHERE", "UPDATE audit_audithead SET"


def held(path):
    """The number of the event that the anchor holds."""
    return json.loads(path.read_text())["sequence"]


def cut(unguarded, last):
    """Cut off the events after `last` and put the head right."""
    mac = AuditEvent.objects.get(sequence=last).hmac
    unguarded((f"{DELETE} sequence > %s", last), (f"{UPDATE} sequence = %s, hmac = %s WHERE id = 1", last, mac))


def append(actor):
    with transaction.atomic():
        record(actor, "create_plan", actor.user)


def test_the_anchor_says_which_event_is_the_last_and_is_signed(events, anchor_file):
    known = anchor.read(anchor_file)

    assert (known.sequence, known.hmac) == (8, events[7].hmac)
    assert stat.S_IMODE(anchor_file.stat().st_mode) == 0o600
    assert AuditAnchor.objects.get().place.endswith(f":{anchor_file}")


def test_nothing_is_anchored_before_the_first_event(anchor_file):
    assert anchor.write() is None
    assert not anchor_file.exists()


def test_no_anchor_is_kept_where_none_is_wanted(events, settings, anchor_file):
    settings.AUDIT_ANCHOR_FILE = ""

    assert anchor.write() is None
    assert held(anchor_file) == 8


def test_the_schedule_anchors_the_event_after_which_nothing_came(events, anchor_file):
    tasks.move_anchor()

    assert held(anchor_file) == 9


def test_an_anchor_that_is_up_to_date_is_not_written_again(events, anchor_file):
    anchor.write()
    before = anchor_file.stat().st_mtime_ns, anchor_file.stat().st_ino

    anchor.write()

    assert (anchor_file.stat().st_mtime_ns, anchor_file.stat().st_ino) == before


def test_an_anchor_does_not_move_on_over_a_cut_tail(events, anchor_file, unguarded, ada):
    cut(unguarded, 6)
    for _ in range(4):
        append(ada)  # events 7 to 10, the second time: the chain is longer than the anchor again

    with pytest.raises(anchor.BrokenAnchor, match="holds event 8, which is not in the chain"):
        anchor.write()
    assert held(anchor_file) == 8
    assert f"Event 8 is not the one that The anchor {anchor_file} holds" in " ".join(verify().problems)


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_text("{}")])
def test_an_anchor_that_somebody_has_harmed_is_not_silently_made_anew(events, anchor_file, harm):
    harm(anchor_file)

    with pytest.raises(anchor.BrokenAnchor):
        anchor.write()


def test_an_anchor_that_was_put_back_does_not_move_on(events, anchor_file):
    before = anchor_file.read_bytes()
    anchor.write()
    anchor_file.write_bytes(before)

    with pytest.raises(anchor.BrokenAnchor, match="was rewound: it holds event 8, and held event 9"):
        anchor.write()


def test_a_half_written_anchor_is_impossible_because_it_is_replaced_in_one_step(events, anchor_file, monkeypatch):
    def die(_):
        raise OSError("The disk is full.")

    monkeypatch.setattr(disk.os, "fsync", die)
    with pytest.raises(OSError, match="disk is full"):
        anchor.write()

    assert held(anchor_file) == 8
    monkeypatch.undo()
    assert anchor.write().sequence == 9


@pytest.mark.django_db(transaction=True)
def test_a_commit_moves_the_anchor_on_and_a_rollback_does_not(anchor_file):
    ada = factories.person("ada")
    append(ada)
    assert held(anchor_file) == 1

    with pytest.raises(RuntimeError), transaction.atomic():
        record(ada, "create_plan", ada.user)
        raise RuntimeError
    append(ada)

    assert held(anchor_file) == 2


@pytest.mark.django_db(transaction=True)
def test_commits_in_quick_succession_write_the_anchor_once(anchor_file, settings, monkeypatch):
    settings.AUDIT_ANCHOR_SECONDS = 60
    monkeypatch.setattr(anchor._pace, "due_at", 0.0)
    ada = factories.person("ada")

    for _ in range(3):
        append(ada)

    assert held(anchor_file) == 1


@pytest.mark.django_db(transaction=True)
def test_an_anchor_that_cannot_be_written_fails_no_change_and_is_logged(anchor_file, caplog):
    ada = factories.person("ada")
    anchor_file.parent.mkdir()
    anchor_file.write_text("{}")

    append(ada)

    assert AuditEvent.objects.count() == 1
    assert "The anchor of the audit trail was not moved on" in caplog.text
