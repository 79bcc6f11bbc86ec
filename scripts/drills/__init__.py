"""Drills: the real parts under faults, and a judgement. Each is a module with `add_options(parser)` and `run(options)`."""
