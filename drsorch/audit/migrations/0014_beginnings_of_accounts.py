"""How the accounts of an event begin, in a column of its own: PostgreSQL counts in an index of columns only."""

import django.db.models.functions
from django.db import migrations, models

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers: SQLite has made the table anew."""
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    """Drop the triggers, which would not let SQLite make the table anew."""
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0013_indexes_of_more_filters")]

    operations = [
        migrations.RunPython(remove, install),
        migrations.RemoveIndex(model_name="auditevent", name="audit_history_in_an_account"),
        migrations.AddField(
            model_name="auditevent",
            name="beginning",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.Substr("account", 1, 129),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["beginning", "sequence"], name="audit_history_in_an_account"),
        ),
        migrations.RunPython(install, remove),
    ]
