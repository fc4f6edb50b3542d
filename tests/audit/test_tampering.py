"""Whoever has the database's password can bend the evidence. That it was bent is found, and said in a sentence."""

# ruff: noqa: S608 (the statements are those of somebody who bends evidence)

import json
import re

import pytest
from django.db import connection

from drsorch.audit import anchor, chain, triggers
from drsorch.audit.models import AuditAnchor, AuditEvent, AuditHead
from drsorch.audit.verify import verify

pytestmark = pytest.mark.django_db
TABLE, HEADS = "audit_auditevent", "audit_audithead"
DELETE, UPDATE = f"DELETE FROM {TABLE} WHERE", f"UPDATE {TABLE} SET"
OTHER = {"sequence": 77, "at": "2026-01-01 00:00:00+00:00", "user_id": 999}
JSON_COLUMNS = {"before", "after", "detail"}
AWAY = 1000  # a number that no event of these tests has


def problems():
    """What a verification says, as one text."""
    return " ".join(verify().problems)


def move_head(sequence):
    """The statement that makes an event the head, with the seal that it has."""
    mac = AuditEvent.objects.get(sequence=sequence).hmac
    return (f"UPDATE {HEADS} SET sequence = %s, hmac = %s WHERE id = 1", sequence, mac)


def copied(number, /, **changes):
    """The statement that adds a copy of an event with some columns changed."""
    row = AuditEvent.objects.values(*chain.FACTS, "hmac").get(sequence=number) | changes
    values = [json.dumps(value) if name in JSON_COLUMNS else value for name, value in row.items()]
    names = ", ".join(f'"{name}"' for name in row)
    return (f"INSERT INTO {TABLE} ({names}) VALUES ({', '.join(['%s'] * len(row))})", *values)


def test_an_honest_chain_is_good(events):
    report = verify()

    assert (report.problems, report.problem_count) == ([], 0)
    assert (report.events, report.sequence) == (9, 9)


def test_an_empty_chain_is_good(anchor_file):
    assert verify().is_good


@pytest.mark.parametrize("column", [name for name in chain.FACTS if name != "sequence"])
def test_a_changed_field_is_found_whichever_it_is(events, unguarded, column):
    value = '{"number": 5}' if column in JSON_COLUMNS else OTHER.get(column, "mallory")
    unguarded((f'{UPDATE} "{column}" = %s WHERE sequence = 4', value))

    assert re.search(r"Event 4 \(.*\) was changed", problems())


def test_a_change_inside_the_details_is_found(events, unguarded):
    unguarded((f"{UPDATE} detail = %s WHERE sequence = 4", json.dumps(events[3].detail | {"share": 0.51})))

    assert re.search(r"Event 4 \(.*\) was changed", problems())


def test_a_time_that_was_changed_by_a_microsecond_is_found(events, unguarded):
    at = events[3].at.replace(microsecond=(events[3].at.microsecond + 1) % 1_000_000)
    unguarded((f"{UPDATE} at = %s WHERE sequence = 4", at))

    assert re.search(r"Event 4 \(.*\) was changed", problems())


def test_an_event_deleted_in_the_middle_is_found(events, unguarded):
    unguarded((f"{DELETE} sequence = 4",))

    assert problems() == "Event 4 is missing before event 5: deleted, or moved elsewhere."


def test_events_deleted_at_the_beginning_are_found(events, unguarded):
    unguarded((f"{DELETE} sequence < 4",))

    assert problems() == "Events 1 to 3 are missing before event 4: deleted, or moved elsewhere."


def test_a_deleted_event_whose_successors_took_its_place_is_found(events, unguarded):
    unguarded(
        (f"{DELETE} sequence = 4",),
        *((f"{UPDATE} sequence = %s WHERE sequence = %s", number, number + 1) for number in range(4, 9)),
        (f"UPDATE {HEADS} SET sequence = 8 WHERE id = 1",),
    )

    assert re.search(r"Event 4 \(.*\) does not follow event 3", problems())


def test_a_cut_tail_is_found_by_the_head(events, unguarded):
    unguarded((f"{DELETE} sequence > 8",))

    assert problems() == "The head of the chain holds event 9, and the chain ends at 8: its tail was cut off."


def test_a_cut_tail_with_a_head_that_was_put_right_is_found_by_the_anchor(events, unguarded, anchor_file):
    unguarded((f"{DELETE} sequence > 6",), move_head(6), (f"DELETE FROM {AuditAnchor._meta.db_table}",))

    assert problems() == f"The anchor {anchor_file} holds event 8, and the chain ends at 6: its tail was cut off."


def test_a_cut_tail_is_found_on_another_host_by_what_the_database_remembers(events, unguarded, settings):
    settings.AUDIT_ANCHOR_FILE = ""
    unguarded((f"{DELETE} sequence > 6",), move_head(6))

    assert "What the database remembers of the anchor" in problems()


def test_all_events_and_the_head_gone_are_found(events, unguarded):
    unguarded((f"DELETE FROM {TABLE}",), (f"DELETE FROM {HEADS}",))

    assert "holds event 8, and the chain ends at 0: its tail was cut off." in problems()


def test_an_emptied_trail_is_found_without_any_anchor(events, unguarded, settings):
    settings.AUDIT_ANCHOR_FILE = ""
    gone = [(f"DELETE FROM {table}",) for table in (TABLE, HEADS, AuditAnchor._meta.db_table)]
    unguarded(*gone)

    assert problems() == "The head of the chain is gone: nothing can be appended."


def test_an_event_inserted_at_the_end_without_the_key_is_found(events, unguarded):
    forged = copied(9, sequence=10, previous_hash=events[8].hmac, actor="mallory", hmac="f" * 64)
    unguarded(forged, (f"UPDATE {HEADS} SET sequence = 10, hmac = %s WHERE id = 1", "f" * 64))

    assert re.search(r"Event 10 \(.*mallory create_plan\) was changed, or was not written by this", problems())


def test_an_event_inserted_after_the_head_is_found_by_the_head_too(events, unguarded):
    unguarded(copied(9, sequence=10, previous_hash=events[8].hmac))

    assert "The head of the chain says that event 9 is the last, and there is event 10" in problems()


def test_an_event_inserted_in_the_middle_is_found(events, unguarded):
    shifts = [(f"{UPDATE} sequence = %s WHERE sequence = %s", number + 1, number) for number in range(9, 4, -1)]
    unguarded(*shifts, copied(4, sequence=5), (f"UPDATE {HEADS} SET sequence = 10 WHERE id = 1",))

    found = problems()
    assert re.search(r"Event 5 \(.*\) does not follow event 4", found)
    assert re.search(r"Event 6 \(.*\) was changed", found)


def test_two_events_that_changed_places_are_found(events, unguarded):
    unguarded(
        (f"{UPDATE} sequence = {AWAY} WHERE sequence = 4",),
        (f"{UPDATE} sequence = 4 WHERE sequence = 5",),
        (f"{UPDATE} sequence = 5 WHERE sequence = {AWAY}",),
    )

    found = problems()
    assert re.search(r"Event 4 \(.*\) does not follow event 3", found)
    assert re.search(r"Event 5 \(.*\) was changed", found)


def test_an_event_that_was_sealed_again_under_another_key_is_found(events, unguarded):
    facts = AuditEvent.objects.values(*chain.FACTS).get(sequence=4) | {"actor": "mallory"}
    mac = chain.seal(facts, "not the key")
    unguarded((f"{UPDATE} actor = 'mallory', hmac = %s WHERE sequence = 4", mac))

    found = problems()
    assert re.search(r"Event 4 \(.*\) was changed", found)
    assert re.search(r"Event 5 \(.*\) does not follow event 4", found)


def test_a_whole_chain_sealed_again_under_another_key_is_found(events, unguarded):
    previous, statements = chain.FIRST, []
    for facts in AuditEvent.objects.order_by("sequence").values(*chain.FACTS):
        mac = chain.seal(facts | {"actor": "mallory", "previous_hash": previous}, "not the key")
        change = f"{UPDATE} actor = 'mallory', previous_hash = %s, hmac = %s WHERE sequence = %s"
        statements.append((change, previous, mac, facts["sequence"]))
        previous = mac
    unguarded(*statements, (f"UPDATE {HEADS} SET hmac = %s WHERE id = 1", previous))

    report = verify()
    assert report.problem_count == 10  # each event, and the anchor
    assert "is not the one that The anchor" in " ".join(report.problems)


def test_a_head_that_was_rewound_is_found(events, unguarded):
    unguarded(move_head(6))

    assert problems().startswith("The head of the chain says that event 6 is the last, and there is event 9")


def test_a_head_that_is_gone_is_found(events, unguarded):
    unguarded((f"DELETE FROM {HEADS}",))

    assert "The head of the chain is gone" in problems()


def test_an_anchor_that_was_rewound_is_found(events, anchor_file):
    before = anchor_file.read_bytes()
    anchor.write()
    assert verify().is_good
    anchor_file.write_bytes(before)

    assert problems() == f"The anchor {anchor_file} was rewound: it holds event 8, and held event 9."


def test_an_anchor_that_is_gone_is_found(events, anchor_file):
    anchor_file.unlink()

    assert problems() == f"The anchor {anchor_file} is gone: it held event 8."


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sequence": 1, "hmac": "", "at": "", "signature": ""}'])
def test_an_anchor_that_is_no_anchor_is_found(events, anchor_file, content):
    anchor_file.write_text(content)

    assert problems() == f"The anchor {anchor_file} cannot be read: it is not what was written."


def test_an_anchor_that_was_changed_is_found(events, anchor_file):
    said = json.loads(anchor_file.read_text())
    anchor_file.write_text(json.dumps(said | {"sequence": 6, "hmac": events[5].hmac}))

    assert problems() == f"The anchor {anchor_file} was changed: its signature does not fit what it says."


def test_triggers_that_are_gone_are_found(events):
    triggers.remove(connection)

    report = verify()

    assert "its trigger audit_event_unchanged is missing, off or changed." in " ".join(report.problems)
    assert report.problem_count == len(triggers.missing(connection))


def test_only_the_first_problems_are_told_and_all_are_counted(events, unguarded):
    unguarded(*((f"{UPDATE} actor = 'mallory' WHERE sequence = %s", number) for number in range(1, 10)))
    report = verify()
    assert (len(report.problems), report.problem_count) == (9, 9)

    report.problems.extend(["more"] * 11)
    report.add("One too many.")
    assert (len(report.problems), report.problem_count) == (20, 10)


def test_the_key_may_be_changed_and_the_old_one_seals_no_more(events, settings, unguarded, ada, anchor_file):
    old = settings.AUDIT_KEY
    settings.AUDIT_KEY = "another key of at least 32 characters"
    assert verify().problem_count == 10  # the old key is not known: nine events and the anchor

    settings.AUDIT_OLD_KEYS = [old]
    assert verify().is_good

    facts = AuditEvent.objects.values(*chain.FACTS).get(sequence=9)
    renewed = chain.seal(facts | {"sequence": 9}, settings.AUDIT_KEY)
    again = facts | {"sequence": 10, "previous_hash": renewed}
    unguarded(
        (f"{UPDATE} hmac = %s WHERE sequence = 9", renewed),
        copied(9, sequence=10, previous_hash=renewed, hmac=chain.seal(again, old)),
        (f"UPDATE {HEADS} SET sequence = 10, hmac = %s WHERE id = 1", chain.seal(again, old)),
    )
    assert re.search(r"Event 10 \(.*\) is sealed under an old key, after a newer one", problems())


def test_the_head_is_one_row(events):
    assert AuditHead.objects.count() == 1
