"""Events of long ago, the segments with which they leave, and their files."""

import json
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from drsorch.audit import record as recording
from drsorch.audit import retention, segments
from drsorch.audit.models import AuditSegment
from drsorch.audit.record import record
from drsorch.config.services import current_settings

LONG_AGO = 3000  # days: longer than events are kept


@contextmanager
def days_ago(days):
    """Record as if it were so many days ago."""
    clock = SimpleNamespace(now=lambda: timezone.now() - timedelta(days=days))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "timezone", clock)
        yield


def append(actor, count=1, days=0):
    """Record events of so many days ago."""
    with days_ago(days):
        for number in range(count):
            with transaction.atomic():
                record(actor, "create_plan", actor.user, number=number, words=["a", "é"], share=0.5)


def close(**options):
    """Close what is due, as the schedule does."""
    return retention.close_segments(**{"since": current_settings().kept_since("audit_days")} | options)


def files():
    """The paths of the files of all segments, oldest first."""
    return [segments.path_of(segment) for segment in AuditSegment.objects.order_by("first_sequence")]


def lines(path):
    """What is in a file: its head, and its events."""
    head, *events = map(json.loads, path.read_text().splitlines())
    return head, events
