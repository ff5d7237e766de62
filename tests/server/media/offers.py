"""Offers of programs that are not among the tests' own: how they look, with digests and addresses of no meaning.

FFmpeg's and GStreamer's were caught from FFmpeg 9.0 (`ffmpeg -f whip`) and GStreamer 1.22 (webrtcbin, on which
whipclientsink and whepclientsrc are built); with both, picture and sound went through this engine. OBS's is what
OBS 32 tells libdatachannel to write.
"""

from __future__ import annotations

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
