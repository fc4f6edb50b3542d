"""Forms of recovery plans: the plan, and its waves in their order."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from drsorch.access.policed import ServiceForm
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan, Wave

PREVIOUS, NONE = "", "none"


class WaveNumbersField(forms.CharField):
    """Numbers of waves, "none", or empty: the previous wave. Its value is what `WaveDefinition.depends_on` takes."""

    def clean(self, value: Any) -> tuple[int, ...] | None:
        """Return the numbers. Raises ValidationError for anything that is not one."""
        text = str(super().clean(value)).strip().lower()
        if text == PREVIOUS:
            return None
        words = [] if text == NONE else re.split(r"[,\s]+", text.strip(","))
        wrong = [word for word in words if not word.isdecimal()]
        if wrong:
            raise ValidationError(f"{wrong[0]!r} is not the number of a wave. Write numbers with commas, or “none”.")
        return tuple(int(word) for word in words)


class ServerIdsField(forms.CharField):
    """Ids of source servers, or empty: all servers of the groups."""

    widget = forms.Textarea

    def clean(self, value: Any) -> tuple[str, ...] | None:
        """Return the ids, each once."""
        words = re.split(r"[,\s]+", str(super().clean(value)).strip(" ,\n\r\t"))
        return tuple(dict.fromkeys(word for word in words if word)) or None


class WaveForm(forms.Form):
    """One wave. Its number is its place among the waves."""

    name = forms.CharField(max_length=100)
    description = forms.CharField(required=False)
    groups = forms.MultipleChoiceField(label="Protection groups")
    server_ids = ServerIdsField(
        label="Servers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Source server ids. Empty: all servers of the groups.",
    )
    depends_on = WaveNumbersField(
        label="Runs after waves",
        required=False,
        help_text="Numbers of earlier waves, such as 1, 2. Empty: the previous wave. “none”: starts at once.",
    )
    pause_before = forms.BooleanField(label="Pause before this wave", required=False)
    timeout_minutes = forms.IntegerField(label="Time-out in minutes", initial=60)

    def __init__(self, *args: Any, group_choices: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = group_choices  # type: ignore[attr-defined]

    def definition(self) -> WaveDefinition:
        """Return the wave as the service takes it. The form must be valid."""
        data = self.cleaned_data
        return WaveDefinition(
            name=data["name"],
            description=data["description"],
            group_ids=tuple(int(pk) for pk in data["groups"]),
            server_ids=data["server_ids"],
            depends_on=data["depends_on"],
            pause_before=data["pause_before"],
            timeout_minutes=data["timeout_minutes"],
        )


WaveFormSet = forms.formset_factory(WaveForm, extra=0, can_order=True, can_delete=True)


class RecoveryPlanForm(ServiceForm):
    """A plan with its waves. The admin page sets `group_choices`: the groups in the person's sight."""

    group_choices: Sequence[tuple[int, str]] = ()

    class Meta:
        model = RecoveryPlan
        fields = ("name", "description", "owner", "runbook", "rto_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waves = written(self.instance) if self.instance.pk else [{}]
        self.waves = WaveFormSet(
            self.data if self.is_bound else None,
            prefix="waves",
            initial=waves,
            form_kwargs={"group_choices": self.group_choices},
        )

    def clean(self) -> dict[str, Any]:
        """Check the waves with the plan."""
        cleaned = super().clean()
        if not self.waves.is_valid():
            raise ValidationError("Correct the waves below.")
        return cleaned

    def definitions(self) -> list[WaveDefinition]:
        """Return the waves in their order, without the deleted ones. The form must be valid."""
        return [form.definition() for form in self.waves.ordered_forms]


def written(plan: RecoveryPlan) -> list[dict[str, Any]]:
    """Return the waves of a saved plan as a person would have written them."""
    waves = plan.waves.prefetch_related("depends_on", "wave_groups__wave_servers__server")
    return [_written(wave) for wave in waves]


def _written(wave: Wave) -> dict[str, Any]:
    numbers = sorted(other.number for other in wave.depends_on.all())
    previous = [wave.number - 1] if wave.number > 1 else []
    return {
        "name": wave.name,
        "description": wave.description,
        "groups": [row.group_id for row in wave.wave_groups.all()],
        "server_ids": "\n".join(
            row.server.source_server_id
            for wave_group in wave.wave_groups.all()
            if not wave_group.is_whole
            for row in wave_group.wave_servers.all()
        ),
        "depends_on": PREVIOUS if numbers == previous else ", ".join(str(number) for number in numbers) or NONE,
        "pause_before": wave.pause_before,
        "timeout_minutes": wave.timeout_minutes,
    }
