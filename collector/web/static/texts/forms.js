// Forms, tables, plots and roles, as they are on several pages; and why something was refused.

export const FORMS = {
  vi: {
    table: "Bảng số liệu",
    plot: "{title}, {unit}: thấp nhất {least}, cao nhất {most}",
    time: "Thời gian",
    period: "Khoảng",
    days: { 1: "24 giờ", 7: "7 ngày", 30: "30 ngày", 90: "90 ngày", 365: "365 ngày" },
    all: "tất cả",
    none: "không",
    show_more: "Xem thêm {n}",
    copy: "Sao chép",
    copied: "Đã sao chép",
    cancel: "Thôi",
    unreachable: "Không liên lạc được với trung tâm; hãy thử lại.",
    refused: {
      400: "Có ô nhập chưa đúng.", 403: "Tài khoản này không có quyền làm việc đó.", 404: "Không còn ở đó nữa.",
      409: "Hiện chưa làm được.", 413: "Nội dung quá dài.", 503: "Cơ sở dữ liệu tạm thời chưa trả lời; hãy thử lại.",
    },
    role: { viewer: "người xem", operator: "người trực", engineer: "kỹ thuật", admin: "quản trị" },
    kind: {
      stopped_vehicle: "Xe dừng trên phần đường xe chạy", wrong_way: "Xe đi ngược chiều", pedestrian: "Người đi bộ trên phần đường xe chạy",
      congestion: "Ùn tắc giao thông", slow_vehicle: "Xe chạy quá chậm", speeding: "Chạy quá tốc độ", illegal_parking: "Dừng, đỗ xe sai quy định",
      suspected_accident: "Nghi có tai nạn giao thông", obstacle: "Vật cản trên đường", smoke: "Khói", fire: "Cháy", flood: "Ngập nước mặt đường",
      camera_fault: "Camera mất hình, bị che hoặc lệch", sensor_fault: "Cảm biến lỗi", device_fault: "Thiết bị lỗi hoặc mất kết nối",
    },
  },
  en: {
    table: "Table of figures",
    plot: "{title}, {unit}: lowest {least}, highest {most}",
    time: "Time",
    period: "Period",
    days: { 1: "24 hours", 7: "7 days", 30: "30 days", 90: "90 days", 365: "365 days" },
    all: "all",
    none: "none",
    show_more: "Show {n} more",
    copy: "Copy",
    copied: "Copied",
    cancel: "Cancel",
    unreachable: "The collector cannot be reached; try again.",
    refused: {
      400: "A field is not right.", 403: "This account may not do that.", 404: "It is not there any more.",
      409: "Not as things stand.", 413: "Too long.", 503: "The database takes no questions just now; try again.",
    },
    role: { viewer: "viewer", operator: "operator", engineer: "engineer", admin: "admin" },
    kind: {
      stopped_vehicle: "Vehicle stopped on the carriageway", wrong_way: "Wrong-way driving", pedestrian: "Pedestrian on the carriageway",
      congestion: "Congestion", slow_vehicle: "Slow vehicle", speeding: "Speeding", illegal_parking: "Illegal parking",
      suspected_accident: "Suspected accident", obstacle: "Obstacle on the road", smoke: "Smoke", fire: "Fire", flood: "Flooded road",
      camera_fault: "Camera blind, covered or moved", sensor_fault: "Sensor fault", device_fault: "Device fault or device silent",
    },
  },
};
