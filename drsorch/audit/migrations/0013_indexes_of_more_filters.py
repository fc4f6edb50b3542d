"""Indexes for the other filters: what one request did, one token, one address, one door, and one kind of actor."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0012_findings_stay"),
    ]

    operations = [
        migrations.AddIndex(model_name="auditevent", index=models.Index(fields=[column, "sequence"], name=name))
        for column, name in (
            ("actor_kind", "audit_history_of_a_kind"),
            ("token", "audit_history_of_a_token"),
            ("source", "audit_history_at_a_door"),
            ("address", "audit_history_of_an_address"),
            ("request_id", "audit_history_of_a_request"),
        )
    ]
