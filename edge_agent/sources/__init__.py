"""Frames in: cameras (RTSP, USB), clips, recorded detections. OpenCV lives in child processes only."""
