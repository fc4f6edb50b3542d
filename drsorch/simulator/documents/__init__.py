"""Records as DRS writes them on the wire."""
