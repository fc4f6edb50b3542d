"""`manage.py audit_verify`: sentences for people, an exit code for machines."""

import re
import shutil

import pytest
from django.core.management import CommandError, call_command

from drsorch.audit.models import AuditEvent, AuditVerification
from drsorch.audit.verify import verify

pytestmark = pytest.mark.django_db
CHANGE = "UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 4"


def verified(capsys, *arguments):
    call_command("audit_verify", *arguments)
    return capsys.readouterr().out


def test_a_good_chain_is_said_to_be_good_and_the_anchor_moves_on(events, capsys):
    said = verified(capsys)

    assert re.search(r"^9 events verified in \d+\.\d s, up to event 9\. Nothing is wrong\.$", said, re.MULTILINE)
    assert f"The anchor holds event 9, {events[8].hmac}." in said
    kept = AuditVerification.objects.get()
    assert (kept.by, kept.events, kept.problem_count, kept.problems) == ("command", 9, 0, [])


def test_a_bent_chain_is_an_error_with_a_sentence_for_each_problem(events, unguarded, anchor_file):
    unguarded((CHANGE,))
    before = anchor_file.read_bytes()

    with pytest.raises(CommandError) as refused:
        call_command("audit_verify")

    assert refused.value.returncode == 1
    assert "Event 4 (" in str(refused.value)
    ending = r"9 events verified in \d+\.\d s, up to event 9\. THE AUDIT TRAIL IS NOT GOOD\.$"
    assert re.search(ending, str(refused.value))
    assert anchor_file.read_bytes() == before
    kept = AuditVerification.objects.get()
    assert (kept.problem_count, len(kept.problems)) == (1, 1)


def test_a_copy_of_the_anchor_kept_elsewhere_finds_what_was_bent_everywhere_else(
    events, unguarded, anchor_file, tmp_path
):
    copy = tmp_path / "copy.json"
    shutil.copy(anchor_file, copy)
    unguarded(
        ("DELETE FROM audit_auditevent WHERE sequence > 6",),
        ("UPDATE audit_audithead SET sequence = 6, hmac = %s WHERE id = 1", events[5].hmac),
        ("DELETE FROM audit_auditanchor",),
    )
    anchor_file.unlink()
    assert verify().is_good

    with pytest.raises(CommandError, match=r"copy\.json holds event 8, and the chain ends at 6: its tail was cut off"):
        call_command("audit_verify", "--anchor", str(copy))


def test_a_copy_that_is_not_there_is_an_error(events, tmp_path):
    with pytest.raises(CommandError, match="There is no anchor at"):
        call_command("audit_verify", "--anchor", str(tmp_path / "nowhere"))


def test_a_first_anchor_is_made_where_none_was(events, settings, tmp_path, capsys):
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "new" / "anchor.json")

    assert "There was no anchor at" in verified(capsys)
    assert verify().notes == []


def test_a_new_anchor_is_begun_on_purpose_only_and_that_is_evidence(events, anchor_file, capsys):
    anchor_file.write_text("harmed")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("audit_verify")

    verified(capsys, "--new-anchor")

    event = AuditEvent.objects.get(action="begin_new_anchor")
    assert (event.actor_kind, event.detail) == ("SYSTEM", {"sequence": 10})  # after that of the refused verification
    assert "harmed" in {path.read_text() for path in anchor_file.parent.iterdir()}
    assert "Nothing is wrong." in verified(capsys)


def test_no_new_anchor_is_begun_for_a_bent_chain(events, unguarded, anchor_file):
    unguarded((CHANGE,))

    with pytest.raises(CommandError, match="THE AUDIT TRAIL IS NOT GOOD"):
        call_command("audit_verify", "--new-anchor")

    assert not AuditEvent.objects.filter(action="begin_new_anchor").exists()


def test_where_no_anchor_is_kept_it_says_so(events, settings, capsys):
    settings.AUDIT_ANCHOR_FILE = ""

    assert "No anchor is kept on this host" in verified(capsys)
