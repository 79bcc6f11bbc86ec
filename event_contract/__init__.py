"""What crosses the wire between a roadside device and the collector, and nothing else."""
