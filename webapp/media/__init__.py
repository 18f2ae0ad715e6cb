"""What visitors give, as files: painted masks, media made bare of their metadata, their fingerprints, and where kept media lies."""
