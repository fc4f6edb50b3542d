"""A chain of some events, and ways to get at its rows past everything that guards them."""

import pytest
from django.db import connection, transaction

from drsorch.audit import anchor, retention, triggers
from drsorch.audit.record import record
from tests.audit import past


def sql(statement, *values):
    """Change the database as somebody does who has its password."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def events(ada, anchor_file):
    """Nine events, of which the first eight are anchored."""
    found = []
    for number in range(1, 10):
        with transaction.atomic():
            found.append(record(ada, "create_plan", ada.user, number=number, share=0.5, words=["a", "b"]))
        if number == 8:
            anchor.write()
    return found


@pytest.fixture
def anchor_file(settings, tmp_path, db):
    """Where the anchor of this test is kept."""
    path = tmp_path / "evidence" / "anchor.json"
    settings.AUDIT_ANCHOR_FILE, settings.AUDIT_ANCHOR_SECONDS = str(path), 0
    return path


@pytest.fixture
def segment_folder(settings, tmp_path, anchor_file):
    """Where the segments of this test are kept, whose anchor is kept, too."""
    path = tmp_path / "segments"
    settings.AUDIT_SEGMENT_FOLDER = str(path)
    return path


@pytest.fixture
def closed(ada, segment_folder, monkeypatch):
    """Nine events, of which six were long ago and have left with three segments; events 10 to 12 say so."""
    monkeypatch.setattr(retention, "LARGEST", 2)
    past.append(ada, 6, past.LONG_AGO)
    past.append(ada, 3)
    past.close()
    return past.files()


@pytest.fixture
def unguarded(db):
    """Call it to change something in the database while its triggers are gone; they are back afterwards."""

    def change(*statements):
        triggers.remove(connection)
        for statement, *values in statements:
            sql(statement, *values)
        triggers.install(connection)

    return change
