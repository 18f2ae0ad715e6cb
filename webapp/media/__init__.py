"""Uploaded files: painted regions, metadata stripping, fingerprints and the media store."""
