"""Segments: what has left the table of events, and the proof of it."""

import django.utils.timezone
from django.db import migrations, models

from drsorch.audit import triggers


def keep(apps, schema_editor):
    """Nothing needs to be done on the way here: the next migration makes the triggers."""


def refuse_to_forget(apps, schema_editor):
    """Going back would lose the proof of what has left. Raises RuntimeError when something has."""
    if apps.get_model("audit", "AuditSegment").objects.using(schema_editor.connection.alias).exists():
        raise RuntimeError(
            "Audit events have left the table with segments: the segments cannot be given up. "
            "Run manage.py migrate audit."
        )


def guard_without_segments(apps, schema_editor):
    """On the way back, when the table of segments is gone: make the triggers as they were."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0006_more_sources")]

    operations = [
        migrations.RunPython(keep, guard_without_segments),
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_sequence", models.PositiveBigIntegerField(unique=True, verbose_name="first event")),
                ("last_sequence", models.PositiveBigIntegerField(unique=True, verbose_name="last event")),
                ("count", models.PositiveBigIntegerField(verbose_name="events")),
                (
                    "previous_hash",
                    models.CharField(blank=True, max_length=64, verbose_name="HMAC of the event before"),
                ),
                ("last_hash", models.CharField(max_length=64, verbose_name="HMAC of the last event")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the events in the file")),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="closed at"
                    ),
                ),
                ("by", models.CharField(max_length=150, verbose_name="closed by")),
                ("hmac", models.CharField(max_length=64, verbose_name="HMAC")),
            ],
            options={"ordering": ["-last_sequence"], "abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddField(
            model_name="auditverification",
            name="segments",
            field=models.PositiveBigIntegerField(default=0, verbose_name="segments verified"),
        ),
        migrations.AddField(
            model_name="auditverification",
            name="unread_count",
            field=models.PositiveBigIntegerField(default=0, verbose_name="segments not read"),
        ),
        migrations.RunPython(keep, refuse_to_forget),
    ]
