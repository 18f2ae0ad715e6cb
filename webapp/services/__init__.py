"""What the application does, one verb at a time."""
