"""Strangers' files are decoded here: in processes of their own that can compute and answer, and nothing else."""
