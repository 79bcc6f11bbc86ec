"""The city's side: stores every event, raises alerts, streams them."""

__version__ = "0.1.0"
