"""Import of the host's files as kept analyses."""
