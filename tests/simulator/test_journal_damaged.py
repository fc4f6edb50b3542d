"""Journals and counters that are torn, strange, in use, or do not come out as before."""

import json

import pytest

from drsorch.simulator.counters import RequestCounters
from drsorch.simulator.journal import Journal, JournalBroken
from tests.simulator.callers import (
    EAST,
    HUB,
    hub_client,
    server_ids,
    start,
)


def test_a_last_line_that_was_half_written_is_cut_off(endpoint):
    job = start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.kill()
    whole = endpoint.journal.read_bytes()
    endpoint.journal.write_bytes(whole + b'{"do":"call","v":17')
    endpoint.start()

    assert [entry["jobID"] for entry in endpoint.control.jobs()] == [job["jobID"]]
    assert endpoint.journal.read_bytes() == whole


BROKEN = [
    (b"not json\n", "Line 1 of the journal"),
    (b'{"do":"call"}\n', "is no journal of this version"),
    (b'{"do":"begin","format":99}\n', "is no journal of this version"),
]


@pytest.mark.parametrize(("content", "sentence"), BROKEN, ids=[case[0].decode().strip() for case in BROKEN])
def test_a_file_that_is_no_journal_is_refused(tmp_path, content, sentence):
    path = tmp_path / "journal"
    path.write_bytes(content)

    with pytest.raises(JournalBroken, match=sentence):
        Journal(path).read()
    assert path.read_bytes() == content


def test_two_endpoints_cannot_share_a_journal(tmp_path):
    first = Journal(tmp_path / "journal")
    with pytest.raises(JournalBroken, match="in use by another simulator"):
        Journal(tmp_path / "journal")
    first.close()
    Journal(tmp_path / "journal").close()


def test_a_past_that_comes_out_otherwise_is_refused(endpoint):
    start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.kill()
    lines = endpoint.journal.read_text().splitlines()
    changed = [json.dumps({**json.loads(line), "seed": "other"}) for line in lines]
    endpoint.journal.write_text("\n".join([*changed, ""]))

    with pytest.raises(JournalBroken, match="does not come out as before"):
        endpoint.start()


def test_counters_are_read_again_up_to_a_torn_slot(tmp_path):
    path = tmp_path / "counts"
    counters = RequestCounters(path)
    for operation in ("drs.DescribeJobs", "drs.DescribeJobs", "s3.GET /a b"):
        counters.count(HUB, EAST, operation)
    counters.close()
    path.write_bytes(path.read_bytes() + b"half")
    again = RequestCounters(path)
    again.load()
    again.count(HUB, EAST, "drs.DescribeJobs")

    assert again.report()["total"] == {"drs.DescribeJobs": 3, "s3.GET /a b": 1}
    again.close()
