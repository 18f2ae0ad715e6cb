"""Sandboxed decoding of untrusted files, in processes that can only compute and answer."""
