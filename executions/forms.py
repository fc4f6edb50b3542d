"""What people write on the pages of executions."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import QueryDict

from drsorch.errors import Invalid
from executions.page.points import Point
from executions.snapshots import EVERY_OTHER, PointInTime
from executions.states import Mode

ANSWER_LENGTH = 1000


class StartForm(forms.Form):
    """The start page: the mode, and everything that has to be said expressly. Times are UTC."""

    mode = forms.CharField(required=False, max_length=16)
    key = forms.CharField(required=False, max_length=64)
    reason = forms.CharField(required=False, max_length=ANSWER_LENGTH)
    confirmation = forms.CharField(required=False, max_length=200)
    override_reason = forms.CharField(label="Reason for the override", required=False, max_length=ANSWER_LENGTH)
    preempt = forms.BooleanField(required=False)
    at = forms.DateTimeField(label="Point in time", required=False)
    server = forms.CharField(required=False, max_length=40)

    def arguments(self) -> dict[str, Any]:
        """Return what `start_execution` takes. Raises Invalid for what cannot be read."""
        if not self.is_valid():
            name, problems = next(iter(self.errors.items()))
            said = " ".join(str(problem) for problem in problems)
            raise Invalid(f"Nothing was started. {self.fields[name].label or name}: {said}")
        data = self.cleaned_data
        return {
            "mode": data["mode"],
            "reason": data["reason"],
            "idempotency_key": data["key"] or None,
            "confirm_plan_name": data["confirmation"],
            "override_reason": data["override_reason"],
            "preempt": data["preempt"],
            "launch_over": cast(QueryDict, self.data).getlist("launch_over"),
            "point_in_time": self._point_in_time(data["at"]),
        }

    def points(self) -> dict[str, Point]:
        """Return what was chosen for single servers, by their ids. Raises Invalid."""
        chosen = (Point.read(value) for value in cast(QueryDict, self.data).getlist("snapshot") if value)
        return {point.server_id: point for point in chosen}

    def _point_in_time(self, at: datetime | None) -> PointInTime:
        chosen = {key: point.snapshot_id for key, point in self.points().items()}
        return {**({EVERY_OTHER: at} if at else {}), **chosen} if chosen else at

    @property
    def is_recovery(self) -> bool:
        """True when the form is that of a recovery."""
        return str(self.data.get("mode", "")) == Mode.RECOVERY
