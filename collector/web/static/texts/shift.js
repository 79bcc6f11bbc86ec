// The page of notes from one shift to the next.

export const SHIFT = {
  vi: {
    heading: "Giao ca",
    none: "Chưa có ghi chú giao ca.",
    none_next: "Trước khi hết ca, hãy viết lại những gì ca sau cần biết.",
    only_operators: "Người trực viết ghi chú giao ca; tài khoản này chỉ xem.",
    new: "Ghi chú cho ca sau",
    note: "Ca sau cần biết gì?",
    begin: "Chèn tình hình hiện tại",
    hand_over: "Giao ca",
    open: "{n} cảnh báo đang mở",
    more: "và {n} cảnh báo khác",
    devices: "Thiết bị trực tuyến: {online}/{all}",
    silences: "Đang hoặc sắp tắt báo: {n}",
  },
  en: {
    heading: "Shift handover",
    none: "There is no note yet.",
    none_next: "Before your shift ends, write down what the next one has to know.",
    only_operators: "Operators write these notes; this account only looks.",
    new: "Note for the next shift",
    note: "What does the next shift have to know?",
    begin: "Insert how things stand",
    hand_over: "Hand over",
    open: "{n} open alerts",
    more: "and {n} more",
    devices: "Devices online: {online}/{all}",
    silences: "Silenced now or soon: {n}",
  },
};
