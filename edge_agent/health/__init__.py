"""What the machine tells of itself, and the service manager's watchdog."""
