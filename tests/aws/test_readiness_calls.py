"""Snapshots, quotas and permissions: what is asked, and how the answers are read."""

from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import drs, iam, quotas, sessions
from drsorch.aws.errors import AwsDenied, AwsUnknown
from tests.aws.scripted import HUB, REGION, XML_ERROR, says, xml

ROLE = f"arn:aws:iam::{HUB}:role/hub"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIMULATED = """<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{members}</EvaluationResults>
</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>i</RequestId></ResponseMetadata>
</SimulatePrincipalPolicyResponse>"""


def snapshot(name, taken="", expected="2026-03-01T12:00:00Z"):
    row = {"snapshotID": name, "sourceServerID": "s-1111111111111111a", "expectedTimestamp": expected}
    return {**row, "timestamp": taken} if taken else row


class TestSnapshots:
    """Points in time to launch from."""

    def test_one_that_is_being_taken_has_no_time_and_breaks_nothing(self, aws, reader):
        """Field bug 9: sorting by a timestamp that is not there."""
        aws.answers(
            "DescribeRecoverySnapshots",
            says({"items": [snapshot("pit-1", "2026-03-01T11:00:00Z")], "nextToken": "t"}),
            says({"items": [snapshot("pit-3"), snapshot("pit-2", "2026-03-01T11:50:00.000+00:00")]}),
        )
        found = drs.describe_recovery_snapshots(reader, "s-1111111111111111a", until=NOON)

        assert [(row.snapshot_id, row.taken_at) for row in found] == [
            ("pit-3", None),
            ("pit-2", NOON - timedelta(minutes=10)),
            ("pit-1", NOON - timedelta(hours=1)),
        ]
        asked = aws.asked("DescribeRecoverySnapshots")[0]
        assert asked["filters"] == {"toDateTime": "2026-03-01T12:00:00.000Z"}

    def test_a_start_names_the_snapshot_of_those_servers_that_have_one(self, aws, hub):
        aws.answers("StartRecovery", says({"job": {"jobID": "drsjob-1"}}))
        drs.start_recovery(
            sessions.client(hub, REGION, "drs", once=True),
            ["s-1111111111111111a", "s-2222222222222222b", "s-3333333333333333c"],
            is_drill=True,
            tags=None,
            deadline=datetime.now(UTC) + timedelta(seconds=20),
            snapshots={"s-1111111111111111a": "pit-11111111111111111", "s-2222222222222222b": ""},
        )

        [asked] = aws.asked("StartRecovery")
        assert asked["sourceServers"] == [
            {"sourceServerID": "s-1111111111111111a", "recoverySnapshotID": "pit-11111111111111111"},
            {"sourceServerID": "s-2222222222222222b"},
            {"sourceServerID": "s-3333333333333333c"},
        ]


class TestQuotas:
    """What DRS allows."""

    def test_they_are_read_by_code_from_all_pages(self, aws, hub, target_quotas):
        target_quotas(
            {"Quotas": [{"QuotaCode": quotas.CONCURRENT_JOBS, "Value": 30.0}], "NextToken": "t"},
            {"Quotas": [{"QuotaCode": quotas.SERVERS_IN_JOBS, "Value": 750.0}, {"QuotaCode": "L-0", "Value": None}]},
        )

        found = quotas.describe_quotas(sessions.client(hub, REGION, "service-quotas"))
        assert found == {quotas.CONCURRENT_JOBS: 30, quotas.SERVERS_IN_JOBS: 750}

    def test_an_answer_without_a_list_is_not_an_empty_one(self, aws, hub, target_quotas):
        target_quotas({})

        with pytest.raises(AwsUnknown):
            quotas.describe_quotas(sessions.client(hub, REGION, "service-quotas"))


@pytest.fixture
def target_quotas(aws):
    """Answer ListServiceQuotas with these pages."""
    return lambda *pages: aws.answers("ListServiceQuotas", *(says(page) for page in pages))


def judged(**decisions):
    """The answer of SimulatePrincipalPolicy: action (":" written "__") -> decision, "?" for one under conditions."""
    members = "".join(
        f"<member><EvalActionName>{name.replace('__', ':')}</EvalActionName>"
        f"<EvalDecision>{decision.strip('?')}</EvalDecision>"
        + ("<MissingContextValues><member>aws:tag</member></MissingContextValues>" if "?" in decision else "")
        + "</member>"
        for name, decision in decisions.items()
    )
    return xml(SIMULATED.format(members=members))


class TestPermissions:
    """What DRS does with our rights."""

    @pytest.fixture
    def client(self, aws, hub):
        return sessions.client(hub, REGION, "iam")

    def judge(self, client):
        return iam.judge(client, ROLE, "aws", ["ec2:RunInstances", "drs:StartRecovery"])

    def test_what_is_allowed_is_asked_once(self, aws, client):
        aws.answers("SimulatePrincipalPolicy", judged(ec2__RunInstances="allowed", drs__StartRecovery="allowed"))

        assert self.judge(client) == iam.Verdict()
        assert aws.count("SimulatePrincipalPolicy") == 1

    def test_what_is_refused_on_everything_and_on_a_resource_of_its_kind_is_denied(self, aws, client):
        """Field bug 5: DRS launches with the rights of the caller, and fails minutes later without one of them."""
        refused = judged(ec2__RunInstances="implicitDeny", drs__StartRecovery="allowed")
        aws.answers("SimulatePrincipalPolicy", refused, judged(ec2__RunInstances="implicitDeny"))

        assert self.judge(client) == iam.Verdict(denied=("ec2:RunInstances",))
        asked = aws.asked("SimulatePrincipalPolicy")
        assert asked[1]["ResourceArns.member.1"] == f"arn:aws:ec2:{REGION}:{HUB}:instance/i-00000000000000000"

    def test_a_policy_that_allows_it_on_some_resources_is_no_refusal(self, aws, client):
        refused = judged(ec2__RunInstances="implicitDeny", drs__StartRecovery="allowed")
        aws.answers("SimulatePrincipalPolicy", refused, judged(ec2__RunInstances="allowed"))

        assert self.judge(client) == iam.Verdict()

    def test_what_hangs_on_conditions_is_said_apart(self, aws, client):
        aws.answers("SimulatePrincipalPolicy", judged(ec2__RunInstances="implicitDeny?", drs__StartRecovery="allowed"))

        assert self.judge(client) == iam.Verdict(conditional=("ec2:RunInstances",))

    def test_a_probe_that_we_may_not_run_is_an_error_and_no_verdict(self, aws, client):
        aws.answers("SimulatePrincipalPolicy", xml(XML_ERROR.format(code="AccessDenied", message="no"), 403))

        with pytest.raises(AwsDenied):
            self.judge(client)

    @pytest.mark.parametrize(
        ("arn", "principal"),
        [
            ("arn:aws:sts::111111111111:assumed-role/hub/drsorch-engine", "arn:aws:iam::111111111111:role/hub"),
            ("arn:aws-us-gov:sts::1:assumed-role/hub/x", "arn:aws-us-gov:iam::1:role/hub"),
            ("arn:aws:iam::111111111111:user/people/ada", "arn:aws:iam::111111111111:user/people/ada"),
            ("arn:aws:iam::111111111111:root", ""),
        ],
    )
    def test_the_policies_of_a_session_are_those_of_its_role(self, arn, principal):
        assert iam.principal_of(arn) == principal

    def test_every_needed_action_has_a_resource_of_its_kind(self, client):
        assert all(iam._resource(action, client, "aws").startswith("arn:aws:") for action in iam.NEEDED)
        assert list(iam.NEEDED) == list(dict.fromkeys(iam.NEEDED))
