"""Let a token name only the sources that it was allowed to; those that exist were allowed none."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("access", "0006_identity_at_the_provider")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="sources",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
