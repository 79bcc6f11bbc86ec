"""A swarm of simulated devices: the agent's own delivery, many devices to a process, one selector loop each."""
