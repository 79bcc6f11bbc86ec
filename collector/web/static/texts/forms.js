// Forms, tables, plots and roles, as they are on several pages; and why something was refused.

export const FORMS = {
  vi: {
    table: "Bảng số liệu",
    plot: "{title}, {unit}: thấp nhất {least}, cao nhất {most}",
    time: "Thời gian",
    total: "Tổng",
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
  },
  en: {
    table: "Table of figures",
    plot: "{title}, {unit}: lowest {least}, highest {most}",
    time: "Time",
    total: "Total",
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
  },
};
