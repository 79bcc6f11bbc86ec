"""The only place where parts are wired together: one file per thing that the agent can do."""
