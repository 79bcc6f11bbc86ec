"""Stills of incidents for a person who asks: made unrecognisable, kept for a while in memory, uploaded once."""
