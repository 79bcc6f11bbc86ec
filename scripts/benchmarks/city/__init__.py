"""What the benchmark of the collector's ingest is made of: devices, an idle subscriber, bare databases, large ones."""
