"""Settings that administrators change while the installation runs."""

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from drsorch.authored import Authored

THE_ONE = 1
FEWEST_DAYS, MOST_DAYS = 90, 36_500  # what is evidence stays for a quarter at least


def kept_days(label: str, help_text: str, default: int = 365) -> models.PositiveIntegerField:
    """Return a column that says for how many days something is kept."""
    limits = [
        MinValueValidator(FEWEST_DAYS, f"What is evidence is kept for {FEWEST_DAYS} days at least."),
        MaxValueValidator(MOST_DAYS, f"Choose at most {MOST_DAYS} days."),
    ]
    return models.PositiveIntegerField(label, default=default, help_text=help_text, validators=limits)


class Settings(Authored):
    """The one row of settings: for how many days history is kept, and what takes a second person."""

    drill_days = kept_days("drills, days", "Then a drill that has ended is deleted, once its instances are gone.")
    recovery_days = kept_days("recoveries, days", "Nobody can delete a recovery before. Then it is, like a drill.")
    timeline_days = kept_days("timelines, days", "Then the timeline of an execution is deleted; the execution stays.")
    job_log_days = kept_days("logs of DRS jobs, days", "Then the lines of a job's log are deleted; the job stays.")
    audit_days = kept_days("audit trail, days", "No event leaves the audit trail before.", 2555)

    four_eyes = models.BooleanField(
        "four eyes",
        default=False,
        help_text="A recovery, and the termination of recovery instances, wait until a second person has confirmed.",
    )
    initiator_may_not_answer = models.BooleanField(
        "whoever starts an execution does not answer its questions",
        default=False,
        help_text="They may still pause and cancel it; everything else is for somebody else.",
    )

    access_via = ()

    class Meta:
        verbose_name = verbose_name_plural = "settings"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=THE_ONE), name="settings_are_one_row"),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{name}__range": (FEWEST_DAYS, MOST_DAYS)}),
                    name=f"{name}_in_range",
                )
                for name in ("drill_days", "recovery_days", "timeline_days", "job_log_days", "audit_days")
            ),
        ]

    def __str__(self) -> str:
        return "Settings of the installation"

    def kept_since(self, name: str) -> datetime:
        """Return the moment before which what `name` speaks of (such as "drill_days") is kept no longer."""
        days: int = getattr(self, name)
        return timezone.now() - timedelta(days=days)
