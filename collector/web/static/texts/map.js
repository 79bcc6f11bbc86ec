// The map.

export const MAP = {
  vi: {
    heading: "Bản đồ",
    zoom_in: "Phóng to",
    zoom_out: "Thu nhỏ",
    all: "Tất cả",
    no_places: "Chưa có điểm giám sát nào có tọa độ. Khai báo kinh độ, vĩ độ ở mục [[sites]] của collector.toml.",
    without_place: "{n} cảnh báo không có tọa độ; xem danh sách",
    alerts_here: "{n} cảnh báo, cao nhất: {severity}",
    devices_here: "{online}/{all} thiết bị trực tuyến",
    no_devices_here: "chưa có thiết bị",
    more_here: "và {n} cảnh báo khác",
    straight: "nối thẳng giữa các điểm, chưa có hình tuyến",
    work_here: "đang bảo trì",
    legend: "Chú giải",
  },
  en: {
    heading: "Map",
    zoom_in: "Zoom in",
    zoom_out: "Zoom out",
    all: "All of it",
    no_places: "No site has a position yet. Give lon and lat under [[sites]] in collector.toml.",
    without_place: "{n} alerts have no position; see the list",
    alerts_here: "{n} alerts, the most severe: {severity}",
    devices_here: "{online}/{all} devices online",
    no_devices_here: "no device yet",
    more_here: "and {n} more alerts",
    straight: "straight between its sites: its course is not known",
    work_here: "being worked at",
    legend: "Legend",
  },
};
