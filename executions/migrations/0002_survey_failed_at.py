import re
from datetime import datetime

from django.db import migrations, models

SAID = re.compile(r"^At (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ): (.*)$", re.DOTALL)


def take_times_out(apps, schema_editor):
    """A failure was kept as "At <time>: <why>"."""
    Poller = apps.get_model("executions", "Poller")
    for poller in Poller.objects.exclude(survey_error="").only("survey_error"):
        if said := SAID.match(poller.survey_error):
            poller.survey_failed_at, poller.survey_error = datetime.fromisoformat(said[1]), said[2]
            poller.save(update_fields=["survey_failed_at", "survey_error"])


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="poller",
            name="survey_failed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(take_times_out, migrations.RunPython.noop),
    ]
