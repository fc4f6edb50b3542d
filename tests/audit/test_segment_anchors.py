"""An anchor may be so old that its event has left the table: it is compared with the segment, and its file."""

import pytest

from drsorch.audit import anchor
from drsorch.audit.models import AuditAnchor
from drsorch.audit.verify import verify
from tests.audit.past import lines

pytestmark = pytest.mark.django_db


def write_anchor(path, sequence, mac):
    """Write an anchor as this installation would have, some time ago."""
    anchor._save(path, anchor.Anchor(sequence, mac, "2026-01-01T00:00:00.000000+00:00"))


def forget_anchors():
    """Forget what the anchors held: that they were put back is not what is tried."""
    AuditAnchor.objects.all().delete()


@pytest.mark.parametrize("number", [3, 4])
def test_an_old_anchor_is_compared_with_what_has_left(closed, tmp_path, number):
    _, events = lines(closed[1])
    held = next(event for event in events if event["sequence"] == number)
    copy = tmp_path / "copy.json"

    write_anchor(copy, number, held["hmac"])
    assert verify(copies=[copy]).problems == []
    write_anchor(copy, number, "f" * 64)
    assert verify(copies=[copy]).problems == [
        f"Event {number} is not the one that The anchor {copy} holds: it was replaced."
    ]


def test_an_old_anchor_that_cannot_be_compared_is_said_to_be_so(closed, tmp_path):
    copy = tmp_path / "copy.json"
    write_anchor(copy, 3, "f" * 64)
    closed[1].unlink()
    report = verify(copies=[copy])

    assert report.problems == []
    assert report.notes == [
        f"The anchor {copy} holds event 3, which could not be compared: the file of the segment 3 to 4 is missing."
    ]


def test_an_anchor_moves_on_from_an_event_that_has_left(closed, anchor_file):
    _, (held, _) = lines(closed[1])
    write_anchor(anchor_file, 3, held["hmac"])
    forget_anchors()

    assert anchor.write().sequence == 12


def test_an_anchor_does_not_move_on_from_an_event_that_never_was(closed, anchor_file):
    write_anchor(anchor_file, 3, "f" * 64)
    forget_anchors()
    with pytest.raises(anchor.BrokenAnchor, match="holds event 3, which is not in the chain"):
        anchor.write()

    closed[1].unlink()
    with pytest.raises(anchor.BrokenAnchor, match="holds event 3, which cannot be compared with its segment"):
        anchor.write()
