"""How the device itself is: figures in, verdicts, faults and what the agent does by itself out."""
