"""Recovery snapshots: which there are, and launches from one of them."""

from datetime import datetime, timedelta
from itertools import pairwise

from tests.simulator.callers import LONG_ENOUGH, events, hub_client, instances, launch, refusal, server_ids


def snapshots(drs, server_id, **more):
    return drs.describe_recovery_snapshots(sourceServerID=server_id, **more)["items"]


def moment(text):
    return datetime.fromisoformat(text)


def complete(found):
    return [snapshot for snapshot in found if "timestamp" in snapshot]


def test_a_healthy_server_has_snapshots_by_minutes_hours_and_days(drs, first):
    found = snapshots(drs, first, order="ASC")
    times = [moment(snapshot["expectedTimestamp"]) for snapshot in found]

    assert times == sorted(times)
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert timedelta(minutes=10) in gaps
    assert timedelta(days=1) in gaps
    assert timedelta(days=6) < times[-1] - times[0] < timedelta(days=7)
    assert len({snapshot["snapshotID"] for snapshot in found}) == len(found) > 30
    assert all(len(snapshot["ebsSnapshots"]) == 1 for snapshot in complete(found))


def test_a_snapshot_that_is_being_taken_has_no_timestamp_yet(simulator, drs, first):
    for _ in range(11):
        newest = snapshots(drs, first)[0]
        if "timestamp" not in newest:
            break
        simulator.advance(60)

    assert newest["ebsSnapshots"] == []
    answer = refusal(
        drs.start_recovery, sourceServers=[{"sourceServerID": first, "recoverySnapshotID": newest["snapshotID"]}]
    )
    assert answer["Error"]["Code"] == "ConflictException"
    simulator.advance(120)
    (later,) = [entry for entry in snapshots(drs, first) if entry["snapshotID"] == newest["snapshotID"]]
    assert moment(later["timestamp"]) >= moment(later["expectedTimestamp"])


def test_snapshots_come_newest_first_in_pages_and_between_dates(drs, first):
    whole = snapshots(drs, first)
    pages = drs.get_paginator("describe_recovery_snapshots").paginate(
        sourceServerID=first, PaginationConfig={"PageSize": 10}
    )
    since, until = whole[9]["expectedTimestamp"][:19] + "Z", whole[3]["expectedTimestamp"][:19] + "Z"

    assert [entry for page in pages for entry in page["items"]] == whole
    assert snapshots(drs, first, order="ASC") == whole[::-1]
    between = snapshots(drs, first, filters={"fromDateTime": since, "toDateTime": until})
    assert between == whole[3:10]


def test_snapshots_grow_old_and_new_ones_come(simulator, drs, first):
    before = {snapshot["snapshotID"] for snapshot in snapshots(drs, first)}
    simulator.advance(3600)
    after = {snapshot["snapshotID"] for snapshot in snapshots(drs, first)}

    assert len(after - before) == 6
    assert before - after


def test_a_launch_from_a_snapshot_takes_no_new_one_and_says_from_when_it_is(simulator, drs, first):
    chosen = complete(snapshots(drs, first))[4]
    entry = {"sourceServerID": first, "recoverySnapshotID": chosen["snapshotID"]}
    job = drs.start_recovery(sourceServers=[entry], isDrill=True)["job"]
    simulator.advance(LONG_ENOUGH)

    assert events(drs, job["jobID"], first) == ["CONVERSION_START", "CONVERSION_END", "LAUNCH_START"]
    assert instances(drs)[0]["pointInTimeSnapshotDateTime"] == chosen["timestamp"]


def test_a_snapshot_of_another_server_is_not_found(simulator, drs, first):
    other = server_ids(simulator)[1]
    foreign = complete(snapshots(drs, other))[0]["snapshotID"]

    answer = refusal(drs.start_recovery, sourceServers=[{"sourceServerID": first, "recoverySnapshotID": foreign}])
    assert (answer["Error"]["Code"], answer["resourceType"]) == ("ResourceNotFoundException", "RecoverySnapshot")
    assert simulator.jobs() == []


def test_an_unknown_server_has_no_snapshots(drs):
    assert snapshots(drs, "s-" + "0" * 17) == []


def test_a_stalled_server_is_launched_from_its_last_snapshot(simulator):
    simulator.reset("demo")
    drs = hub_client("drs")
    lost = next(entry["id"] for entry in simulator.world()["accounts"][0]["servers"]["us-east-1"] if not entry["tags"])
    names = {
        entry["sourceProperties"]["identificationHints"]["hostname"]: entry["sourceServerID"]
        for entry in drs.describe_source_servers()["items"]
    }
    assert lost in names.values()
    last = complete(snapshots(drs, names["legacy-print01"]))[0]
    launch(simulator, drs, [names["legacy-print01"]])

    assert instances(drs)[0]["pointInTimeSnapshotDateTime"] == last["timestamp"]
    assert snapshots(drs, names["hrp-use1-files01"]) == []
