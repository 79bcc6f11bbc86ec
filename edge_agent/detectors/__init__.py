"""A frame -> the road users that one detector sees in it. Importing this costs nothing; `detector` imports the runtime."""
