"""Nothing but the triggers: to repair one that is lost, migrate back to 0014 and forth. No row is touched."""

from django.db import migrations

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers, on the way back, too: without them nothing can be appended."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0014_beginnings_of_accounts")]

    operations = [migrations.RunPython(install, install)]
