"""`./scripts/demo --ioc`: a crash is staged, and whoever an operations centre has hears of it in its own format."""
