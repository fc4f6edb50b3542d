"""Segments of the audit trail at the admin site: for auditors and administrators, to look at and to download."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from drsorch.access.roles import Role
from drsorch.audit import retention
from drsorch.audit.models import AuditEvent, AuditSegment
from tests import factories
from tests.access.conftest import staff
from tests.audit.past import LONG_AGO, append, close, files

pytestmark = pytest.mark.django_db
LIST = reverse("admin:audit_auditsegment_changelist")
EVENTS = reverse("admin:audit_auditevent_changelist")
VERIFY = reverse("admin:audit_auditevent_verify")


@pytest.fixture
def site(client, auditor):
    """A browser in which the auditor is signed in."""
    client.force_login(auditor.user)
    return client


@pytest.fixture
def segment(ada, settings, tmp_path):
    """Three events of long ago have left; two are in the table."""
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchor.json")
    settings.AUDIT_SEGMENT_FOLDER = str(tmp_path / "segments")
    append(ada, 3, LONG_AGO)
    append(ada, 1)
    close()
    return AuditSegment.objects.get()


def file_of(segment):
    return reverse("admin:audit_auditsegment_file", args=[segment.pk])


def test_the_list_and_the_page_of_one_show_what_is_in_it_and_lead_to_its_file(site, segment):
    page = site.get(LIST).content.decode()
    assert "segment 1 to 3" in page
    assert file_of(segment) in page

    page = site.get(reverse("admin:audit_auditsegment_change", args=[segment.pk])).content.decode()
    assert segment.sha256 in page
    assert segment.last_hash in page
    assert file_of(segment) in page
    assert "_save" not in page


def test_the_file_is_sent_as_it_is_and_that_is_evidence(site, segment):
    response = site.get(file_of(segment))

    assert response.streaming
    assert b"".join(response.streaming_content) == files()[0].read_bytes()
    assert response.headers["Content-Disposition"] == f'attachment; filename="{files()[0].name}"'
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.source) == ("download_audit_segment", "anton", "ADMIN")
    assert (event.object_name, event.detail) == ("segment 1 to 3", {"sha256": segment.sha256})


def test_a_file_that_is_missing_is_said_to_be_missing_and_nothing_was_downloaded(site, segment):
    files()[0].unlink()
    before = AuditEvent.objects.count()

    page = site.get(file_of(segment), follow=True).content.decode()

    assert "of the segment 1 to 3 cannot be read on this host: No such file or directory." in page
    assert AuditEvent.objects.count() == before


def test_an_unknown_segment_leads_back(site, segment):
    assert site.get(reverse("admin:audit_auditsegment_file", args=[999])).status_code == 302
    assert site.post(file_of(segment)).status_code == 405


def test_staff_who_are_neither_auditors_nor_administrators_get_neither_list_nor_file(client, segment):
    client.force_login(staff(factories.person("rita", Role.RECOVERY_MANAGER)).user)

    assert client.get(LIST).status_code == 403
    assert client.get(file_of(segment)).status_code == 403
    assert not AuditEvent.objects.filter(action="download_audit_segment").exists()


def test_nobody_changes_or_deletes_a_segment(ada_online, segment):
    for page in ("change", "delete"):
        address = reverse(f"admin:audit_auditsegment_{page}", args=[segment.pk])
        assert ada_online.post(address, {"post": "yes", "by": "mallory"}).status_code == 403
    assert AuditSegment.objects.get().by == "schedule"


def test_the_state_of_the_chain_counts_what_has_left(site, segment):
    assert "The events up to number 3 have left this table with" in " ".join(site.get(EVENTS).content.decode().split())

    page = " ".join(site.post(VERIFY, follow=True).content.decode().split())

    assert "5 events verified in 0." in page
    assert "1 segments that have left the table among them, up to event 5. Nothing is wrong." in page
    assert "5 events, 1 segment among them, up to number 5. Nothing was wrong." in page


def test_what_could_not_be_read_is_not_said_to_be_good(site, segment):
    files()[0].unlink()

    page = " ".join(site.post(VERIFY, follow=True).content.decode().split())

    assert "Its 3 events were not verified." in page
    assert "Nothing was wrong in what was read." in page
    assert "1 segment could not be read." in page


def test_the_list_takes_the_same_queries_for_few_and_many(site, segment, ada, monkeypatch):
    def queries():
        with CaptureQueriesContext(connection) as found:
            site.get(LIST)
        return len(found)

    monkeypatch.setattr(retention, "LARGEST", 2)
    monkeypatch.setattr(retention, "LEAST_DAYS", 0)
    few = queries()
    append(ada, 24)
    close(since=timezone.now())

    assert AuditSegment.objects.count() > 10
    assert queries() == few
