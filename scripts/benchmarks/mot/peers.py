"""Ours and the libraries behind one interface: a frame's time and detections -> boxes with ids that are seen now."""

import itertools
import warnings
from collections.abc import Callable

import numpy as np

from edge_agent.core.tracker import Tracker, TrackerConfig
from edge_agent.core.types import Detections
from scripts.benchmarks.mot.metrics import Labelled

Update = Callable[[float, Detections], Labelled]
Begin = Callable[[float], Update]  # from the frames per second
SIZE_PX = np.array([1280, 720, 1280, 720])  # the peers think in pixels
OURS = TrackerConfig()


def ours(fps: float) -> Update:
    tracker = Tracker(itertools.count(1))

    def update(at_s: float, detections: Detections) -> Labelled:
        seen = [track for track in tracker.update(at_s, detections) if track.seen]
        return Labelled(np.array([track.id for track in seen], np.int64), np.array([t.box for t in seen]).reshape(-1, 4))

    return update


def edgefirst(keep_lost_s: float) -> Begin:
    def begin(fps: float) -> Update:
        from edgefirst.tracker import ByteTrack

        tracker = ByteTrack(high_conf=OURS.high_score, lifespan_ns=round(keep_lost_s * 1e9))
        numbers: dict[str, int] = {}

        def update(at_s: float, detections: Detections) -> Labelled:
            labels = detections.classes.astype(np.uintp)
            tracks = tracker.update(detections.boxes, detections.scores, labels, round(at_s * 1e9))
            known = [(row, track) for row, track in enumerate(tracks) if track is not None and track.count >= 2]
            ids = [numbers.setdefault(track.uuid, len(numbers) + 1) for _, track in known]
            boxes = detections.boxes[[row for row, _ in known]].astype(np.float64)
            return Labelled(np.array(ids, np.int64), boxes)

        return update

    return begin


def trackers(name: str, keep_lost_s: float, **options: float) -> Begin:
    def begin(fps: float) -> Update:
        import supervision
        import trackers

        tracker = getattr(trackers, name)(frame_rate=fps, lost_track_buffer=round(keep_lost_s * 30), **options)

        def update(at_s: float, detections: Detections) -> Labelled:
            return _known(tracker.update(_for_supervision(supervision, detections), timestamp=at_s))

        return update

    return begin


def supervision(keep_lost_s: float) -> Begin:
    def begin(fps: float) -> Update:
        import supervision

        if not hasattr(supervision, "ByteTrack"):
            raise ImportError("supervision 0.30 gave ByteTrack up")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tracker = supervision.ByteTrack(
                track_activation_threshold=OURS.high_score,
                frame_rate=fps,
                lost_track_buffer=round(keep_lost_s * 30),
                minimum_consecutive_frames=2,
            )

        def update(at_s: float, detections: Detections) -> Labelled:
            return _known(tracker.update_with_detections(_for_supervision(supervision, detections)))

        return update

    return begin


HIGH = {"track_activation_threshold": OURS.high_score, "high_conf_det_threshold": OURS.high_score}
FOLLOWERS: dict[str, Begin] = {
    "ours": ours,
    "edgefirst": edgefirst(OURS.keep_lost_s),
    "edgefirst, 30 s": edgefirst(OURS.keep_standing_s),
    "trackers ByteTrack": trackers("ByteTrackTracker", OURS.keep_lost_s, **HIGH),
    "trackers ByteTrack, 30 s": trackers("ByteTrackTracker", OURS.keep_standing_s, **HIGH),
    "trackers OC-SORT": trackers("OCSORTTracker", OURS.keep_lost_s, high_conf_det_threshold=OURS.high_score),
    "supervision ByteTrack": supervision(OURS.keep_lost_s),
    "supervision ByteTrack, 30 s": supervision(OURS.keep_standing_s),
}


def _for_supervision(library, detections: Detections):  # type: ignore[no-untyped-def]  # an optional import's types
    return library.Detections(
        xyxy=detections.boxes * SIZE_PX, confidence=detections.scores, class_id=detections.classes.astype(int)
    )


def _known(tracked) -> Labelled:  # type: ignore[no-untyped-def]
    known = tracked.tracker_id >= 0
    return Labelled(tracked.tracker_id[known].astype(np.int64), tracked.xyxy[known] / SIZE_PX)
