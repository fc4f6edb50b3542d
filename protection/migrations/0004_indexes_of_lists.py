"""Indexes for lists that stay as quick as they are with a hundredth of the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("protection", "0003_received_event"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="protectiongroup",
            index=models.Index(fields=["name", "id"], name="group_by_name"),
        ),
        migrations.AddIndex(
            model_name="sourceserver",
            index=models.Index(fields=["hostname", "source_server_id", "id"], name="server_by_hostname"),
        ),
        migrations.AddIndex(
            model_name="sourceserver",
            index=models.Index(fields=["source_server_id", "id"], name="server_by_its_id"),
        ),
        migrations.AddIndex(
            model_name="sourceserver",
            index=models.Index(fields=["replication_state", "id"], name="server_by_replication"),
        ),
    ]
