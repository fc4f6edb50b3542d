"""Settings that administrators change while the installation runs."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from drsorch.audit.models import AuditEvent
from drsorch.config.models import Settings
from drsorch.config.services import current_settings, update_settings
from drsorch.errors import Denied, Invalid, VersionMismatch

pytestmark = pytest.mark.django_db


def test_a_new_installation_has_settings():
    assert current_settings() == current_settings()
    assert current_settings().drill_days == 365


def test_an_administrator_changes_them_and_the_trail_says_what(ada):
    changed = update_settings(actor=ada, version=1, drill_days=100)

    assert (changed.version, current_settings().drill_days, current_settings().changed_by) == (2, 100, ada.user)
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.object_kind) == ("update_settings", "ada", "settings")
    assert "365" in repr(vars(event)) and "100" in repr(vars(event))


def test_nobody_else_changes_them(olga, vera, sam):
    for person in (olga, vera, sam):
        with pytest.raises(Denied, match="Changing the settings needs every permission there is"):
            update_settings(actor=person, version=None, drill_days=100)
    assert current_settings().drill_days == 365


@pytest.mark.parametrize("name", ["drill_days", "recovery_days", "timeline_days", "job_log_days", "audit_days"])
def test_nothing_that_is_evidence_is_kept_for_less_than_90_days(ada, name):
    with pytest.raises(Invalid, match="90 days at least") as refusal:
        update_settings(actor=ada, version=None, **{name: 89})
    assert list(refusal.value.details["fields"]) == [name]
    assert current_settings().version == 1

    with pytest.raises(IntegrityError), transaction.atomic():
        Settings.objects.update(**{name: 89})


def test_who_saw_older_settings_is_told(ada):
    update_settings(actor=ada, version=1, drill_days=100)

    with pytest.raises(VersionMismatch):
        update_settings(actor=ada, version=1, drill_days=200)
    assert current_settings().drill_days == 100


def test_there_is_one_row(ada):
    current_settings()
    with pytest.raises(IntegrityError), transaction.atomic():
        Settings.objects.create(pk=2)


def test_the_admin_page_changes_them_through_the_service(client, ada, olga):
    address = reverse("admin:config_settings_change", args=[current_settings().pk])
    values = {"drill_days": 120, "recovery_days": 400, "timeline_days": 90, "job_log_days": 90, "audit_days": 400}
    for person in (ada, olga):
        person.user.is_staff = True
        person.user.save()

    client.force_login(olga.user)
    assert client.post(address, values).status_code == 403
    client.force_login(ada.user)
    assert "90 days at least" in client.post(address, values | {"drill_days": 3}).content.decode()
    assert client.post(address, values | {"seen_version": 1}).status_code == 302
    assert (current_settings().drill_days, current_settings().version) == (120, 2)


def test_a_second_person_is_asked_for_nowhere_unless_an_administrator_wants_it(ada, olga):
    assert not (current_settings().four_eyes or current_settings().initiator_may_not_answer)
    with pytest.raises(Denied):
        update_settings(actor=olga, version=None, four_eyes=True)

    update_settings(actor=ada, version=1, four_eyes=True, initiator_may_not_answer=True)

    assert current_settings().four_eyes and current_settings().initiator_may_not_answer
    event = AuditEvent.objects.get(action="update_settings", outcome="ALLOWED")
    assert event.after == {"four_eyes": True, "initiator_may_not_answer": True}
