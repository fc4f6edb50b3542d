"""Indexes for lists that stay as quick as they are with a hundredth of the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0008_refuse_changes_but_segments"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor", "sequence"], name="audit_history_of_an_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["action", "sequence"], name="audit_history_of_an_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["outcome", "sequence"], name="audit_history_of_refusals"),
        ),
    ]
