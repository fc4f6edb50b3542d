"""An index that leads from a tag to its servers without reading the tags."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("protection", "0006_index_of_present_servers"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="servertag", name="server_tag_key_value"),
        migrations.AddIndex(
            model_name="servertag",
            index=models.Index(fields=["key", "value", "server"], name="server_by_tag"),
        ),
    ]
