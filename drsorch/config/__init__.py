"""What administrators decide about the installation: settings, keys, and the form of the configuration document."""
