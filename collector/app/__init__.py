"""The only place where the collector's parts are wired together: `serving.py` is the recipe, beside it what it starts with."""
