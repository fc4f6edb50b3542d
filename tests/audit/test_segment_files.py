"""The file of a segment can be verified alone: by the command, and by hand without drsorch."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from drsorch.audit import chain, segments
from drsorch.audit.models import AuditSegment, AuditVerification
from drsorch.audit.segment_checks import check_file
from tests.audit.past import lines

pytestmark = pytest.mark.django_db
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def rewrite(path, **changes):
    """Write the head of a file anew, sealed with a key that is not ours."""
    head, _ = lines(path)
    facts = {name: head[name] for name in segments.FACTS} | changes
    head = facts | {"hmac": chain.seal(facts, "not the key")}
    rest = path.read_bytes().partition(b"\n")[2]
    path.write_bytes(chain.canonical(head) + b"\n" + rest)


def test_the_name_of_a_file_never_leads_out_of_the_folder(segment_folder):
    row = AuditSegment(first_sequence=1, last_sequence=2, hmac="/../../../etc/passwd")

    assert segments.path_of(row).parent == segment_folder


def test_a_file_verifies_alone_event_by_event(closed, tmp_path):
    elsewhere = shutil.copy(closed[1], tmp_path / "copy.jsonl")
    report = check_file(elsewhere)

    assert (report.problems, report.events, report.sequence) == ([], 2, 4)


def test_whatever_was_changed_in_a_file_is_found_in_the_file_alone(closed):
    path = closed[1]
    good = path.read_bytes()
    head, first, second, end = good.split(b"\n")
    bent = {
        b"\n".join((head, second, first, end)): "Event 3 is out of order.",
        b"\n".join((head, first, end)): "has 1 events, and its head says 2.",
        b"\n".join((head, first, second, b"{}", end)): "its line 4 is not an event.",
        b"\n".join((head, first, second.replace(b'"sequence":4', b'"sequence":"4"'), end)): "line 3 is not an event.",
        b"\n".join((head, first, second.replace(b"0.5", b"1e999"), end)): "line 3 is not an event.",
        b"\n".join((head, first.replace(b'"ada"', b'"eve"', 1), second, end)): "was changed, or was not written by",
        b"{}": "its first line is not the head of a segment.",
    }
    for content, sentence in bent.items():
        path.write_bytes(content)
        said = " ".join(check_file(path).problems)
        assert sentence in said
    path.write_bytes(good)
    rewrite(path, by="mallory")
    assert "The head of the file" in check_file(path).problems[0]


def test_the_command_says_how_many_segments_it_has_verified(closed, capsys):
    call_command("audit_verify")

    assert "12 events verified in 0." in (said := capsys.readouterr().out)
    assert "s, 3 segments that have left the table among them, up to event 12. Nothing is wrong." in said


def test_the_command_does_not_pass_what_it_could_not_read(closed):
    closed[1].unlink()

    with pytest.raises(CommandError) as refused:
        call_command("audit_verify")

    assert refused.value.returncode == 3
    assert f"The file of the segment 3 to 4 is missing: {closed[1]}. Its 2 events were not verified." in str(
        refused.value
    )
    assert str(refused.value).endswith("Nothing is wrong in what was read: NOT ALL WAS.")
    assert AuditVerification.objects.get().unread_count == 1


def test_what_is_wrong_counts_more_than_what_is_missing(closed):
    closed[1].unlink()
    closed[0].write_bytes(b"{}")

    with pytest.raises(CommandError, match="THE AUDIT TRAIL IS NOT GOOD") as refused:
        call_command("audit_verify")
    assert refused.value.returncode == 1
    assert "Its 2 events were not verified." in str(refused.value)


def test_the_command_verifies_files_alone(closed, capsys, tmp_path):
    call_command("audit_verify", "--segment", str(closed[0]), "--segment", str(closed[2]))
    assert re.search(rf"{closed[2]}: 2 events verified in .* up to event 6. Nothing is wrong.", capsys.readouterr().out)

    closed[0].write_bytes(b"")
    with pytest.raises(CommandError) as refused:
        call_command("audit_verify", "--segment", str(closed[0]), "--segment", str(tmp_path / "nowhere"))
    assert "its first line is not the head of a segment." in str(refused.value)
    assert f"The file {tmp_path / 'nowhere'} cannot be read: No such file or directory." in str(refused.value)
    assert not AuditVerification.objects.exists()


def test_only_the_first_unread_segments_are_told_and_all_are_counted(closed):
    report = check_file(closed[0])
    for _ in range(25):
        report.add_unread("One is missing.")

    assert (len(report.unread), report.unread_count) == (20, 25)
    assert report.told()[-1] == "And 5 more segments were not read."


def test_a_file_verifies_by_hand_as_the_guide_says(closed, settings):
    """With nothing of the product: the lines of the guide, run as they stand there."""
    program = re.search(r"```python\n(# A segment by hand.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]

    def by_hand(path, key):
        environment = {"AUDIT_KEY": key}
        command = [sys.executable, "-I", "-c", program, str(path)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    good = by_hand(closed[1], settings.AUDIT_KEY)
    assert (good.stdout, good.stderr, good.returncode) == ("events 3 to 4 are good\n", "", 0)
    assert by_hand(closed[1], "not the key").returncode != 0
    content = closed[1].read_bytes()
    closed[1].write_bytes(content.replace(b'"share":0.5', b'"share":0.6', 1))
    assert by_hand(closed[1], settings.AUDIT_KEY).returncode != 0
