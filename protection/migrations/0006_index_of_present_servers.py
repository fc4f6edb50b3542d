"""An index to count the servers of a place by, without reading them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("protection", "0005_sync_asked_at"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="sourceserver",
            index=models.Index(fields=["account", "region", "missing_since"], name="server_present_in_a_place"),
        ),
    ]
