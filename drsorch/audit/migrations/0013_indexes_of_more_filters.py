"""Indexes for the other filters: what one request did, one token, one address, one door, and one kind of actor."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0012_findings_stay"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor_kind", "sequence"], name="audit_history_of_a_kind"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["token", "sequence"], name="audit_history_of_a_token"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["source", "sequence"], name="audit_history_at_a_door"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["address", "sequence"], name="audit_history_of_an_address"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["request_id", "sequence"], name="audit_history_of_a_request"),
        ),
    ]
