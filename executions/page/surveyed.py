"""The last survey of a place as the administration shows it: every part as rows, servers by their names."""

from collections.abc import Iterable

from executions.decisions.surveyed import NativeRun, Survey, SurveyedInstance, SurveyedJob, SurveyedServer
from executions.models import Poller
from protection.models import SourceServer
from protection.models.servers import ReplicationState


class SurveyRows:
    """The survey of `poller`'s place, which must have one."""

    def __init__(self, poller: Poller) -> None:
        self.survey = Survey.from_json(poller.survey)
        known = SourceServer.objects.filter(account_id=poller.account_id, region=poller.region)
        self._names = {row.source_server_id: row.name for row in known}

    @property
    def servers(self) -> list[tuple[str, str, SurveyedServer]]:
        """Each server with its name and its replication state in words; one that we do not know stays as it is."""
        states = dict(ReplicationState.choices)
        rows = [
            (self._name(row.source_server_id), str(states.get(row.state, row.state)), row)
            for row in self.survey.servers
        ]
        return sorted(rows, key=lambda row: row[0])

    @property
    def jobs(self) -> list[tuple[list[str], SurveyedJob]]:
        """Each job with the names of its servers."""
        return [(self._names_of(row.servers), row) for row in self.survey.live_jobs]

    @property
    def instances(self) -> list[tuple[str, SurveyedInstance]]:
        """Each recovery instance with the name of its server."""
        return sorted(
            ((self._name(row.source_server_id), row) for row in self.survey.instances), key=lambda row: row[0]
        )

    @property
    def native_runs(self) -> list[tuple[list[str], NativeRun]]:
        """Each execution of a plan of AWS's with the names of its servers."""
        return [(self._names_of(row.servers), row) for row in self.survey.native_runs]

    def _name(self, server_id: str) -> str:
        return self._names.get(server_id, server_id)

    def _names_of(self, server_ids: Iterable[str]) -> list[str]:
        return sorted(self._name(server_id) for server_id in server_ids)
