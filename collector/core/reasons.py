"""Why a camera or device is at fault, and what the collector's own alarms are of, in words: `detail.reason` of an alert."""

from event_contract.kinds import CAMERA_FAULTS, DEVICE_FAULTS, Words

OWN_ALARMS: dict[str, Words] = {
    "silent": Words("không liên lạc", "silent"),
    "missing": Words("thiếu bản tin", "messages missing"),
    "lost": Words("mất bản tin", "messages lost"),
    "forked": Words("thẻ nhớ bị sao chép", "memory card copied"),
    "subscriber": Words("bên nhận cảnh báo không trả lời", "a subscriber does not take alerts"),
    "storm": Words("quá nhiều cảnh báo, các cảnh báo khác không phát âm", "too many alerts: others make no sound"),
    "watchdog": Words("tín hiệu kiểm tra đường truyền", "always here, to prove the chain"),
}
REASONS = CAMERA_FAULTS | DEVICE_FAULTS | OWN_ALARMS
