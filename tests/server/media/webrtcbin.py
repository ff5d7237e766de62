"""GStreamer's `webrtcbin` as a WHIP camera or a WHEP player, run by the system's Python (which has `gi`), until stdin closes.

Arguments: `publish` or `watch`, the URL, the token, `H264` or `VP8`. It prints a JSON line whenever its connection changes,
and four times a second how many pictures and sounds it has decoded.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import urllib.request
from collections import Counter
from typing import Any

VIDEO = {
    "H264": "openh264enc bitrate=500000 gop-size=25 ! video/x-h264,profile=constrained-baseline ! "
    "rtph264pay config-interval=-1 aggregate-mode=zero-latency ! application/x-rtp,media=video,encoding-name=H264,payload=96",
    "VP8": "vp8enc deadline=1 target-bitrate=500000 keyframe-max-dist=25 ! rtpvp8pay ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96",
}
CAMERA = (
    "webrtcbin name=peer bundle-policy=max-bundle videotestsrc is-live=true ! "
    "video/x-raw,width=320,height=180,framerate=15/1 ! videoconvert ! {video} ! peer. "
    "audiotestsrc is-live=true ! audioconvert ! audioresample ! opusenc ! rtpopuspay ! "
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer."
)
WANTED = {  # of H.264 as whepclientsrc wants it: without a packetization-mode
    "H264": "application/x-rtp,media=video,encoding-name=H264,payload=101,clock-rate=90000,profile-level-id=(string)42e016",
    "VP8": "application/x-rtp,media=video,encoding-name=VP8,payload=101,clock-rate=90000",
    "OPUS": "application/x-rtp,media=audio,encoding-name=OPUS,payload=96,clock-rate=48000,encoding-params=(string)2",
}
DECODED = {
    "H264": "rtph264depay ! h264parse ! openh264dec",
    "VP8": "rtpvp8depay ! vp8dec",
    "OPUS": "rtpopusdepay ! opusdec",
}
TELL_MS = 250
CAPS_MS = 50

gi: Any = importlib.import_module("gi")
for module in ("Gst", "GstWebRTC", "GstSdp"):
    gi.require_version(module, "1.0")
GLib, Gst, GstSdp, GstWebRTC = (
    importlib.import_module(f"gi.repository.{name}") for name in ("GLib", "Gst", "GstSdp", "GstWebRTC")
)


def tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


class Client:
    """Offers by HTTP once its candidates are gathered, and takes the answer."""

    def __init__(self, url: str, token: str, pipeline: Any, peer: Any) -> None:
        self.url, self.token = url, token
        self.pipeline, self.peer = pipeline, peer
        self.decoded: Counter[str] = Counter()
        self.has_negotiated = self.has_offered = False
        self.kept: list[Any] = []  # gi frees what GStreamer still uses, if nobody here holds it
        peer.connect("on-negotiation-needed", self.negotiate)
        peer.connect("notify::ice-gathering-state", self.gathered)
        peer.connect("notify::connection-state", self.changed)
        peer.connect("pad-added", self.took)

    def run(self) -> None:
        loop = GLib.MainLoop()
        threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
        GLib.timeout_add(TELL_MS, self.tell_decoded)
        self.pipeline.set_state(Gst.State.PLAYING)
        loop.run()
        self.pipeline.set_state(Gst.State.NULL)

    def negotiate(self, _: Any) -> None:
        """Once, and of all that is sent: a second offer would not fit the answer to the first."""
        if not self.has_negotiated:
            self.has_negotiated = True
            GLib.timeout_add(CAPS_MS, self.offer_when_known)

    def offer_when_known(self) -> bool:
        """Whether to look again: an encoder that has not begun yet has told nothing of its stream."""
        if not all(pad.get_current_caps() for pad in self.peer.sinkpads):
            return True
        self.peer.emit("create-offer", None, self.keep(Gst.Promise.new_with_change_func(self.offered, None)))
        return False

    def offered(self, promise: Any, _: Any) -> None:
        promise.wait()
        offer = self.keep(self.keep(promise.get_reply()).get_value("offer"))
        told = self.described(GstWebRTC.WebRTCSDPType.OFFER, offer.sdp.as_text())
        self.peer.emit("set-local-description", told, self.keep(Gst.Promise.new()))

    def gathered(self, *_: Any) -> None:
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if self.has_offered or self.peer.get_property("ice-gathering-state") != complete:
            return
        self.has_offered = True
        sdp = self.peer.get_property("local-description").sdp.as_text()
        threading.Thread(target=self.post, args=(sdp,), daemon=True).start()

    def post(self, offer: str) -> None:
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url, data=offer.encode(), headers=headers)
        with urllib.request.urlopen(request) as response:
            answer = response.read().decode()
        told = self.described(GstWebRTC.WebRTCSDPType.ANSWER, answer)
        self.peer.emit("set-remote-description", told, self.keep(Gst.Promise.new()))

    def described(self, kind: Any, sdp: str) -> Any:
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        return self.keep(GstWebRTC.WebRTCSessionDescription.new(kind, message))

    def changed(self, *_: Any) -> None:
        tell(connection=self.peer.get_property("connection-state").value_nick)

    def took(self, _: Any, pad: Any) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        codec = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        sink = "fakesink name=sink signal-handoffs=true"
        branch = Gst.parse_bin_from_description(f"{DECODED[codec]} ! {sink}", True)
        branch.get_by_name("sink").connect("handoff", lambda *_: self.decoded.update([codec]))
        self.pipeline.add(branch)
        branch.sync_state_with_parent()
        pad.link(branch.get_static_pad("sink"))

    def tell_decoded(self) -> bool:
        tell(decoded=dict(self.decoded))
        return True

    def keep(self, thing: Any) -> Any:
        self.kept.append(thing)
        return thing


def main(what: str, url: str, token: str, codec: str) -> None:
    Gst.init(None)
    if what == "publish":
        pipeline = Gst.parse_launch(CAMERA.format(video=VIDEO[codec]))
        Client(url, token, pipeline, pipeline.get_by_name("peer")).run()
        return
    pipeline, peer = Gst.Pipeline.new("player"), Gst.ElementFactory.make("webrtcbin")
    peer.set_property("bundle-policy", "max-bundle")
    pipeline.add(peer)
    client = Client(url, token, pipeline, peer)
    for wanted in (codec, "OPUS"):
        way = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        peer.emit("add-transceiver", way, Gst.Caps.from_string(WANTED[wanted]))
    client.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
