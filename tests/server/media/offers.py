"""Offers of programs that are not among the tests' own: how they look, with digests and addresses of no meaning.

Each was caught on its way, and picture and sound went through this server: from FFmpeg 9.0 (`ffmpeg -f whip`),
GStreamer 1.22 (`webrtcbin`), GStreamer 1.28.8 with gst-plugins-rs 0.15.3 (`whipclientsink` and `whepclientsrc`, with
VP8, H.264, VP9 and H.265 to choose from), and OBS Studio 32.2.2 with libdatachannel 0.21.
"""

from __future__ import annotations

import re

DIGEST = ":".join(["1E"] * 32)

OBS = f"""v=0
o=rtc 2890844526 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=ice-options:ice2 trickle
a=fingerprint:sha-256 {DIGEST}
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ssrc:3045711 cname:mjqNbAwSgYzzWlnt
a=ssrc:3045711 msid:dZ0kQgF1zVtD6Bsc dZ0kQgF1zVtD6Bsc-audio
a=msid:dZ0kQgF1zVtD6Bsc dZ0kQgF1zVtD6Bsc-audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
a=setup:actpass
a=ice-ufrag:yGpz
a=ice-pwd:KrnY7ybC3kYvDPLQvWhnkw
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=sendonly
a=ssrc:3045712 cname:mjqNbAwSgYzzWlnt
a=ssrc:3045712 msid:dZ0kQgF1zVtD6Bsc dZ0kQgF1zVtD6Bsc-video
a=msid:dZ0kQgF1zVtD6Bsc dZ0kQgF1zVtD6Bsc-video
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
a=setup:actpass
a=ice-ufrag:yGpz
a=ice-pwd:KrnY7ybC3kYvDPLQvWhnkw
"""

# "Total Layers" 3: the m-line says no SSRC, each packet its rid (as libdatachannel 0.21.2 writes it for OBS' WHIP output).
OBS_LAYERS = re.sub(r"a=ssrc:3045712 .*\n", "", OBS).replace(
    "a=rtcp-mux\na=rtpmap:96",
    "a=rid:0 send\na=rid:1 send\na=rid:2 send\na=simulcast:send 0;1;2\na=rtcp-mux\na=rtpmap:96",
)

FFMPEG = f"""v=0
o=FFmpeg 4489045141692799359 2 IN IP4 127.0.0.1
s=FFmpegPublishSession
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:fa74fb03
a=ice-pwd:e7e6c4b0ee372aea378bb2a569a57d6e
a=fingerprint:sha-256 {DIGEST}
a=setup:passive
a=mid:0
a=sendonly
a=msid:FFmpeg audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=ssrc:1136963730 cname:FFmpeg
a=ssrc:1136963730 msid:FFmpeg audio
m=video 9 UDP/TLS/RTP/SAVPF 106 105
c=IN IP4 0.0.0.0
a=ice-ufrag:fa74fb03
a=ice-pwd:e7e6c4b0ee372aea378bb2a569a57d6e
a=fingerprint:sha-256 {DIGEST}
a=setup:passive
a=mid:1
a=sendonly
a=msid:FFmpeg video
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:106 H264/90000
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42000c
a=rtcp-fb:106 nack
a=rtpmap:105 rtx/90000
a=fmtp:105 apt=106
a=ssrc-group:FID 1136963731 1136963732
a=ssrc:1136963731 cname:FFmpeg
a=ssrc:1136963731 msid:FFmpeg video
"""

GSTREAMER = f"""v=0
o=- 8972844138405033577 0 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE video0 audio1
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:om+QFaQTkUv+hv2v88FELk3NFjz8ZwJe
a=ice-pwd:n33GITm9oG0VSMy68+JIi9d+QTSgsDQy
a=rtcp-mux
a=rtcp-rsize
a=sendrecv
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 transport-cc
a=framerate:25
a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LADdoFBn58BagwMDUoAAADAAgAAAMBlHihVQ==,aM48gA==;profile-level-id=42c00d;level-asymmetry-allowed=1
a=ssrc:2855416549 msid:user4053077428@host-682551c1 webrtctransceiver0
a=ssrc:2855416549 cname:user4053077428@host-682551c1
a=mid:video0
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
a=candidate:1 1 UDP 2015363327 192.0.2.2 45093 typ host
a=candidate:2 1 TCP 1015021823 192.0.2.2 9 typ host tcptype active
a=candidate:7 1 UDP 2015363839 fe80::fc:ff:fe00:1 51829 typ host
m=audio 0 UDP/TLS/RTP/SAVPF 97
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:om+QFaQTkUv+hv2v88FELk3NFjz8ZwJe
a=ice-pwd:n33GITm9oG0VSMy68+JIi9d+QTSgsDQy
a=bundle-only
a=rtcp-mux
a=rtcp-rsize
a=sendrecv
a=rtpmap:97 OPUS/48000/2
a=rtcp-fb:97 transport-cc
a=fmtp:97 sprop-stereo=0;sprop-maxcapturerate=48000
a=ssrc:4024539245 msid:user4053077428@host-682551c1 webrtctransceiver1
a=ssrc:4024539245 cname:user4053077428@host-682551c1
a=mid:audio1
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
"""

GSTREAMER_VIEWER = f"""v=0
o=- 2479651106594788102 0 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE video0 audio1
m=video 9 UDP/TLS/RTP/SAVPF 101
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:L+ksgrGJP2seuuplypJV8STGrDIOsEia
a=ice-pwd:IcjOTbx6FipuslrLGBynl18+K5eAUoEP
a=rtcp-mux
a=rtcp-rsize
a=recvonly
a=rtpmap:101 H264/90000
a=rtcp-fb:101 nack pli
a=rtcp-fb:101 ccm fir
a=rtcp-fb:101 transport-cc
a=fmtp:101 packetization-mode=1
a=mid:video0
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
a=candidate:1 1 UDP 2015363327 192.0.2.2 59348 typ host
m=audio 0 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:L+ksgrGJP2seuuplypJV8STGrDIOsEia
a=ice-pwd:IcjOTbx6FipuslrLGBynl18+K5eAUoEP
a=bundle-only
a=rtcp-mux
a=rtcp-rsize
a=recvonly
a=rtpmap:96 OPUS/48000/2
a=rtcp-fb:96 transport-cc
a=mid:audio1
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
"""

WHIPCLIENTSINK = f"""v=0
o=- 159120652635984227 0 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE video0 audio1
m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:eb3aqT8sK5f9GKp74O+c8L9ywoIaJUzP
a=ice-pwd:Kvv5Xn3qElZ6AfkMbDRnZII7H00Rn/8V
a=rtcp-mux
a=rtcp-rsize
a=sendonly
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 transport-cc
a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=rtpmap:97 H264/90000
a=rtcp-fb:97 nack
a=rtcp-fb:97 nack pli
a=rtcp-fb:97 ccm fir
a=rtcp-fb:97 transport-cc
a=fmtp:97 packetization-mode=1;profile-level-id=42c01e;level-asymmetry-allowed=1
a=rtpmap:98 VP9/90000
a=rtcp-fb:98 nack
a=rtcp-fb:98 nack pli
a=rtcp-fb:98 ccm fir
a=rtcp-fb:98 transport-cc
a=rtpmap:99 H265/90000
a=rtcp-fb:99 nack
a=rtcp-fb:99 nack pli
a=rtcp-fb:99 ccm fir
a=rtcp-fb:99 transport-cc
a=fmtp:99 profile-id=4;tier-flag=0;level-id=63
a=rtpmap:101 red/90000
a=rtpmap:102 ulpfec/90000
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=96
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=101
a=rtpmap:105 red/90000
a=rtpmap:106 ulpfec/90000
a=rtpmap:107 rtx/90000
a=fmtp:107 apt=97
a=rtpmap:108 rtx/90000
a=fmtp:108 apt=105
a=rtpmap:109 red/90000
a=rtpmap:110 ulpfec/90000
a=rtpmap:111 rtx/90000
a=fmtp:111 apt=98
a=rtpmap:112 rtx/90000
a=fmtp:112 apt=109
a=rtpmap:113 red/90000
a=rtpmap:114 ulpfec/90000
a=rtpmap:115 rtx/90000
a=fmtp:115 apt=99
a=rtpmap:116 rtx/90000
a=fmtp:116 apt=113
a=ssrc-group:FID 1976788068 111859579
a=ssrc:1976788068 msid:user2015559156@host-1 webrtctransceiver0
a=ssrc:1976788068 cname:user2015559156@host-1
a=ssrc:1976788068 msid:user2015559156@host-1 webrtctransceiver0
a=ssrc:1976788068 cname:user2015559156@host-1
a=ssrc:1976788068 msid:user2015559156@host-1 webrtctransceiver0
a=ssrc:1976788068 cname:user2015559156@host-1
a=ssrc:1976788068 msid:user2015559156@host-1 webrtctransceiver0
a=ssrc:1976788068 cname:user2015559156@host-1
a=ssrc:111859579 msid:user2015559156@host-1 webrtctransceiver0
a=ssrc:111859579 cname:user2015559156@host-1
a=mid:video0
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
a=candidate:1 1 UDP 2015363327 192.0.2.2 32976 typ host
a=candidate:2 1 TCP 1015021823 192.0.2.2 9 typ host tcptype active
a=end-of-candidates
m=audio 0 UDP/TLS/RTP/SAVPF 100
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:eb3aqT8sK5f9GKp74O+c8L9ywoIaJUzP
a=ice-pwd:Kvv5Xn3qElZ6AfkMbDRnZII7H00Rn/8V
a=bundle-only
a=rtcp-mux
a=rtcp-rsize
a=sendonly
a=rtpmap:100 OPUS/48000/2
a=rtcp-fb:100 transport-cc
a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=fmtp:100 sprop-stereo=0;sprop-maxcapturerate=48000
a=ssrc:2178078784 msid:user2015559156@host-1 webrtctransceiver1
a=ssrc:2178078784 cname:user2015559156@host-1
a=mid:audio1
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
"""

WHEPCLIENTSRC = f"""v=0
o=- 3261400839363467248 0 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE video0 audio1
m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:97yHh8a7fK/LX11N2p0PJ5gLHwTRej5q
a=ice-pwd:TKSKOwzW3+tB2K9iyKescLBCryMKCgo6
a=rtcp-mux
a=rtcp-rsize
a=recvonly
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 transport-cc
a=rtpmap:97 H264/90000
a=rtcp-fb:97 nack
a=rtcp-fb:97 nack pli
a=rtcp-fb:97 ccm fir
a=rtcp-fb:97 transport-cc
a=fmtp:97 profile-level-id=42e016
a=rtpmap:98 VP9/90000
a=rtcp-fb:98 nack
a=rtcp-fb:98 nack pli
a=rtcp-fb:98 ccm fir
a=rtcp-fb:98 transport-cc
a=rtpmap:99 H265/90000
a=rtcp-fb:99 nack
a=rtcp-fb:99 nack pli
a=rtcp-fb:99 ccm fir
a=rtcp-fb:99 transport-cc
a=rtpmap:100 AV1/90000
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 transport-cc
a=rtpmap:102 red/90000
a=rtpmap:103 ulpfec/90000
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=96
a=rtpmap:105 rtx/90000
a=fmtp:105 apt=102
a=rtpmap:106 red/90000
a=rtpmap:107 ulpfec/90000
a=rtpmap:108 rtx/90000
a=fmtp:108 apt=97
a=rtpmap:109 rtx/90000
a=fmtp:109 apt=106
a=rtpmap:110 red/90000
a=rtpmap:111 ulpfec/90000
a=rtpmap:112 rtx/90000
a=fmtp:112 apt=98
a=rtpmap:113 rtx/90000
a=fmtp:113 apt=110
a=rtpmap:114 red/90000
a=rtpmap:115 ulpfec/90000
a=rtpmap:116 rtx/90000
a=fmtp:116 apt=99
a=rtpmap:117 rtx/90000
a=fmtp:117 apt=114
a=rtpmap:118 red/90000
a=rtpmap:119 ulpfec/90000
a=rtpmap:120 rtx/90000
a=fmtp:120 apt=100
a=rtpmap:121 rtx/90000
a=fmtp:121 apt=118
a=mid:video0
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
a=candidate:1 1 UDP 2015363327 192.0.2.2 57681 typ host
a=candidate:2 1 TCP 1015021823 192.0.2.2 9 typ host tcptype active
a=end-of-candidates
m=audio 0 UDP/TLS/RTP/SAVPF 101 122 123 124 125
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:97yHh8a7fK/LX11N2p0PJ5gLHwTRej5q
a=ice-pwd:TKSKOwzW3+tB2K9iyKescLBCryMKCgo6
a=bundle-only
a=rtcp-mux
a=rtcp-rsize
a=recvonly
a=rtpmap:101 OPUS/48000
a=rtcp-fb:101 nack
a=rtcp-fb:101 transport-cc
a=rtpmap:122 red/48000
a=rtpmap:123 ulpfec/48000
a=rtpmap:124 rtx/48000
a=fmtp:124 apt=101
a=rtpmap:125 rtx/48000
a=fmtp:125 apt=122
a=mid:audio1
a=fingerprint:sha-256 {DIGEST}
a=rtcp-mux-only
"""
