"""Versions of the model: their files, which version is the champion, and the detector that serves it."""
