"""Fine-tuning on the moderators' decisions: snapshots, runs, candidates, gate and publication."""
