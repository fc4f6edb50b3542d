"""Indexes for lists by date at the admin site: their first and last day, and the rows of a day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0012_where_executions_came_from"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["at", "id"], name="event_at"),
        ),
        migrations.AddIndex(
            model_name="jobevent",
            index=models.Index(fields=["at", "id"], name="job_event_at"),
        ),
        migrations.AddIndex(
            model_name="termination",
            index=models.Index(fields=["requested_at", "id"], name="termination_requested"),
        ),
        migrations.AddIndex(
            model_name="waverun",
            index=models.Index(fields=["started_at", "id"], name="wave_run_started"),
        ),
    ]
