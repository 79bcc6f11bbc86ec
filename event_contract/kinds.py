"""The vocabulary: event classes in order of priority, incident kinds with their severity and names, road-user classes."""

from dataclasses import dataclass
from typing import Literal, get_args

EventClass = Literal["incident", "state", "telemetry"]
Severity = Literal["low", "medium", "high", "critical"]
Phase = Literal["new", "update", "end"]

EVENT_CLASSES: tuple[EventClass, ...] = ("incident", "state", "telemetry")  # sent and kept in this order
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
RoadUserClass = Literal["bicycle", "bus", "car", "motorcycle", "person", "three_wheeler", "truck", "unknown"]
CameraFaultReason = Literal["no_frames", "frozen", "black", "overexposed", "covered", "blurred", "moved"]
ROAD_USER_CLASSES: tuple[RoadUserClass, ...] = get_args(RoadUserClass)


@dataclass(frozen=True, slots=True)
class IncidentKind:
    severity: Severity
    vi: str
    en: str


INCIDENT_KINDS: dict[str, IncidentKind] = {
    "stopped_vehicle": IncidentKind("high", "Xe dừng trên phần đường xe chạy", "Vehicle stopped on the carriageway"),
    "wrong_way": IncidentKind("critical", "Xe đi ngược chiều", "Wrong-way driving"),
    "pedestrian": IncidentKind("high", "Người đi bộ trên phần đường xe chạy", "Pedestrian on the carriageway"),
    "congestion": IncidentKind("medium", "Ùn tắc giao thông", "Congestion"),
    "slow_vehicle": IncidentKind("low", "Xe chạy quá chậm", "Slow vehicle"),
    "speeding": IncidentKind("low", "Chạy quá tốc độ", "Speeding"),
    "illegal_parking": IncidentKind("low", "Dừng, đỗ xe sai quy định", "Illegal parking"),
    "suspected_accident": IncidentKind("critical", "Nghi có tai nạn giao thông", "Suspected accident"),
    "obstacle": IncidentKind("high", "Vật cản trên đường", "Obstacle on the road"),
    "smoke": IncidentKind("critical", "Khói", "Smoke"),
    "fire": IncidentKind("critical", "Cháy", "Fire"),
    "flood": IncidentKind("high", "Ngập nước mặt đường", "Flooded road"),
    "camera_fault": IncidentKind("medium", "Camera mất hình, bị che hoặc lệch", "Camera blind, covered or moved"),
    "sensor_fault": IncidentKind("medium", "Cảm biến lỗi", "Sensor fault"),
    "device_fault": IncidentKind("medium", "Thiết bị lỗi hoặc mất kết nối", "Device fault or device silent"),
}


@dataclass(frozen=True, slots=True)
class Words:
    vi: str
    en: str


CAMERA_FAULTS: dict[str, Words] = {
    "no_frames": Words("không có hình", "no picture"),
    "frozen": Words("hình đứng", "picture frozen"),
    "black": Words("hình đen", "picture black"),
    "overexposed": Words("quá sáng", "overexposed"),
    "covered": Words("bị che", "covered"),
    "blurred": Words("mờ", "blurred"),
    "moved": Words("bị xoay lệch", "moved"),
}

DEVICE_FAULTS: dict[str, Words] = {
    "disk": Words("đầy bộ nhớ", "storage full"),
    "damaged": Words("tệp hàng đợi gửi bị hỏng", "outbox file damaged"),
    "hot": Words("quá nóng", "too hot"),
    "undervoltage": Words("điện áp quá thấp", "voltage too low"),
    "throttled": Words("giảm tốc do nóng", "throttled by heat"),
    "read_only": Words("bộ nhớ không ghi được", "storage cannot be written"),
    "worn": Words("bộ nhớ hết tuổi thọ", "storage worn out"),
    "memory": Words("sắp hết RAM", "memory nearly used up"),
    "clock": Words("sai giờ", "clock wrong"),
}
