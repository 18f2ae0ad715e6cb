"""The web application around the detector."""
