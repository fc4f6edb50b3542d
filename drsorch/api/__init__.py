"""What every endpoint of the REST API shares. The endpoints stand in the apps, beside the pages."""
