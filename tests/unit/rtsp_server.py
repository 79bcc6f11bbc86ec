"""A network camera: H.264 over RTSP with user and password, for Debian's own Python (gir1.2-gst-rtsp-server-1.0).

    /usr/bin/python3 rtsp_server.py PORT USER PASSWORD      then /cam
"""

import sys

import gi

gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PIPELINE = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=192,framerate=20/1 "
    "! x264enc tune=zerolatency key-int-max=20 ! rtph264pay name=pay0 )"
)
ROLE = "user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"


def main(port: str, user: str, password: str) -> None:
    Gst.init(None)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE)
    factory.set_shared(True)
    factory.add_role_from_structure(Gst.Structure.from_string(ROLE)[0])
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.set_auth(auth)
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
