"""Forms of recovery plans: the plan, and its waves in their order."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from drsorch.access.policed import ServiceForm
from plans.definition import WaveDefinition
from plans.evidence import OF_A_WAVE
from plans.models import Checks, LaunchOrder, OnFailure, RecoveryPlan, Wave
from plans.written import definition_of

PREVIOUS, NONE = "", "none"
# What the service takes as it is written, beside the groups and what may be left empty.
AS_WRITTEN = (
    "name",
    "description",
    "server_ids",
    "depends_on",
    "pause_before",
    "pause_after",
    "launch_order",
    "max_parallel",
    "timeout_minutes",
    "on_failure",
    "checks",
)


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


class ChosenField(forms.ChoiceField):
    """One of the values of a model's choices; nothing written is the usual one."""

    def __init__(self, choices: type[models.TextChoices], usual: str, **kwargs: Any) -> None:
        super().__init__(choices=choices.choices, initial=usual, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the value."""
        return str(super().clean(value) or self.initial)


class WaveForm(forms.Form):
    """One wave. Its number is its place among the waves."""

    name = forms.CharField(max_length=100)
    description = forms.CharField(required=False)
    groups = forms.MultipleChoiceField(label="Protection groups")
    server_ids = ServerIdsField(
        label="Servers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Source server ids, in the order in which they are launched. Empty: all servers of the groups.",
    )
    optional_ids = ServerIdsField(
        label="Optional servers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Ids of those whose failure leaves the wave partial. The wave fails with any other server.",
    )
    depends_on = WaveNumbersField(
        label="Runs after waves",
        required=False,
        help_text="Numbers of earlier waves, such as 1, 2. Empty: the previous wave. “none”: starts at once.",
    )
    pause_before = forms.BooleanField(label="Pause before this wave", required=False)
    pause_after = forms.BooleanField(label="Pause after this wave", required=False)
    launch_order = ChosenField(LaunchOrder, LaunchOrder.PARALLEL, label="Servers are launched")
    max_parallel = forms.IntegerField(
        label="At most so many at once", required=False, min_value=1, help_text="Empty: all at once."
    )
    wait_seconds = forms.IntegerField(
        label="Wait after its success", required=False, initial=0, min_value=0, help_text="In seconds."
    )
    timeout_minutes = forms.IntegerField(label="Time-out in minutes", initial=60)
    on_failure = ChosenField(OnFailure, OnFailure.STOP, label="If it fails")
    checks = ChosenField(Checks, Checks.EC2_STATUS, label="Checks after the launch")

    def __init__(self, *args: Any, group_choices: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = group_choices  # type: ignore[attr-defined]

    def definition(self) -> WaveDefinition:
        """Return the wave as the service takes it. The form must be valid."""
        data = self.cleaned_data
        return WaveDefinition(
            group_ids=tuple(int(pk) for pk in data["groups"]),
            optional_ids=data["optional_ids"] or (),
            wait_seconds=data["wait_seconds"] or 0,
            **{name: data[name] for name in AS_WRITTEN},
        )


WaveFormSet = forms.formset_factory(WaveForm, extra=0, can_order=True, can_delete=True)


class RecoveryPlanForm(ServiceForm):
    """A plan with its waves. The admin page sets `group_choices`: the groups in the person's sight."""

    group_choices: Sequence[tuple[int, str]] = ()

    class Meta:
        model = RecoveryPlan
        fields = ("name", "description", "owner", "runbook", "rto_minutes", "parallel_waves")

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
    known = definition_of(wave)
    previous = (wave.number - 1,) if wave.number > 1 else ()
    return {name: getattr(wave, name) for name in OF_A_WAVE} | {
        "groups": list(known.group_ids),
        "server_ids": "\n".join(known.server_ids or ()),
        "optional_ids": "\n".join(known.optional_ids),
        "depends_on": PREVIOUS if known.depends_on == previous else ", ".join(map(str, known.depends_on or ())) or NONE,
    }
