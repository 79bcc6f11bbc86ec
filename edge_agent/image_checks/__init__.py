"""What a picture says of the camera that took it: measurements; the rule on them is core/incidents/camera_fault.py."""
