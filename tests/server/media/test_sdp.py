"""SDP: any text is parsed or refused; real offers are read; what is answered is what an answer may say."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadRequest, Unprocessable
from server.media import codec_choice, sdp, sdp_answer
from server.media.ice_fragment import Fragment, parse_fragment, write_fragment
from server.media.media_session import read_offer, usable

DIGEST = ":".join(["AB"] * 32)
CHROMIUM = f"""v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 106 108 39
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 a1b2.local 50000 typ host
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {DIGEST}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:toffset
a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:104 H264/90000
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
a=rtpmap:106 H264/90000
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:108 H264/90000
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:39 AV1/90000
a=ssrc:4026531840 cname:x
a=ssrc-group:FID 4026531840 17
a=ssrc:17 cname:x
m=audio 9 UDP/TLS/RTP/SAVPF 111 63
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {DIGEST}
a=setup:actpass
a=mid:1
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
""".replace("\n", "\r\n")

LINES = [line for line in CHROMIUM.split("\r\n") if line]


@given(st.text(max_size=400))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for whole in (text, "v=0\r\n" + text, CHROMIUM + text):
        for parse in (sdp.parse_offer, parse_fragment):
            try:
                parse(whole)
            except sdp.SdpError:
                continue


@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 60), st.text(max_size=6)), max_size=4))
def test_a_damaged_offer_is_answered_or_refused(damages: list[tuple[int, int, str]]) -> None:
    lines = list(LINES)
    for number, at, text in damages:
        lines[number] = lines[number][:at] + text + lines[number][at + len(text) :]
    try:
        offer = read_offer("\r\n".join(lines))
        media = usable(offer, ("recvonly", "sendrecv"))
    except (BadRequest, Unprocessable):
        return
    answered = {one.mid: tuple(codec_choice.video_codecs(one)) for one in media if one.kind == "video"}
    parts = [sdp_answer.AnswerMedia(one, answered.get(one.mid, ()), "sendonly", 5) for one in offer.media]
    answer = sdp_answer.write_answer(1, 1, parts, TRANSPORT, "watchroom")
    assert answer.count("m=") >= len(offer.media)
    assert not any(ord(character) > 126 for character in answer)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m=video 9 ", f"m=video {'9' * 5000} "),
        ("a=extmap:9 urn", f"a=extmap:0009{'9' * 5000} urn"),
        ("a=ssrc:17 ", f"a=ssrc:{'1' * 5000} "),
        ("a=rtpmap:96 VP8/90000", f"a=rtpmap:96 VP8/{'9' * 5000}"),
    ],
)
def test_a_number_with_more_digits_than_python_reads_is_parsed_or_refused(old: str, new: str) -> None:
    assert old in CHROMIUM
    try:
        video = sdp.parse_offer(CHROMIUM.replace(old, new)).media[0]
    except sdp.SdpError:
        return
    assert video.mid_extension in (9, None)


TRANSPORT = sdp_answer.Transport("ufrag", "password", DIGEST, "passive", ("192.0.2.2", "127.0.0.1"), 7000)


def test_an_offer_is_read() -> None:
    offer = sdp.parse_offer(CHROMIUM)
    video, audio = offer.media
    assert offer.bundle == ("0", "1")
    assert (video.kind, video.mid, video.direction, video.setup) == ("video", "0", "recvonly", "actpass")
    assert (video.ice_ufrag, video.mid_extension, video.ssrcs) == ("abcd", 9, (4026531840, 17))
    assert video.fingerprints == (("sha-256", DIGEST),)
    assert codec_choice.audio_codec(audio) == sdp.Codec(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1")
    assert [codec.payload_type for codec in codec_choice.video_codecs(video)] == [106, 96]


@pytest.mark.parametrize(
    ("wanted", "profile", "order"),
    [
        ("H264", "42e01f", [106, 96]),
        ("H264", "42001f", [108, 96]),
        ("H264", "4D0028", [104, 96]),
        ("H264", "640c1f", [106, 96]),
        ("H264", None, [106, 96]),
        ("VP8", None, [96, 106]),
    ],
)
def test_the_viewers_codec_is_the_cameras(wanted: str, profile: str | None, order: list[int]) -> None:
    video = sdp.parse_offer(CHROMIUM).media[0]
    assert [codec.payload_type for codec in codec_choice.viewer_codecs(video, wanted, profile)] == order


def test_h264_of_no_told_mode_is_taken_only_where_none_is_told_to_be_1() -> None:
    """Firefox says nothing where it means 0, beside 1; GStreamer's whepclientsrc says nothing, and means any."""

    def chosen(*modes: str) -> list[int]:
        told = [f"a=fmtp:{102 + number} profile-level-id=42e01f{mode}" for number, mode in enumerate(modes)]
        types = [f"a=rtpmap:{102 + number} H264/90000" for number in range(len(modes))]
        first = "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join(str(102 + number) for number in range(len(modes)))
        video = sdp.parse_offer("\r\n".join(["v=0", first, *types, *told])).media[0]
        return [codec.payload_type for codec in codec_choice.viewer_codecs(video, "H264", "42e01f")]

    assert chosen("", ";packetization-mode=1") == [103]
    assert chosen("") == [102]
    assert chosen(";packetization-mode=0", "") == [103]
    assert chosen(";packetization-mode=0") == []


def test_the_answer_is_what_another_parser_reads() -> None:
    video, audio = sdp.parse_offer(CHROMIUM).media
    refused = sdp_answer.AnswerMedia(audio)
    taken = sdp_answer.AnswerMedia(video, tuple(codec_choice.video_codecs(video)), "sendonly", 99)
    read = SessionDescription.parse(sdp_answer.write_answer(1, 1, [taken, refused], TRANSPORT, "watchroom"))
    assert [one.port for one in read.media] == [7000, 0]
    assert read.group[0].items == ["0"]
    first = read.media[0]
    assert first.ice and first.ice.iceLite and first.ice.usernameFragment == "ufrag"
    assert [(one.ip, one.port) for one in first.ice_candidates] == [("192.0.2.2", 7000), ("127.0.0.1", 7000)]
    assert (first.direction, first.dtls and first.dtls.role) == ("sendonly", "server")
    assert {one.ssrc for one in first.ssrc} == {99}


@pytest.mark.parametrize(("told", "answered"), [("", []), ("a=rtcp-fb:111 nack\r\n", ["nack"])])
def test_sound_is_asked_for_again_only_where_that_is_offered(told: str, answered: list[str]) -> None:
    line = "a=rtpmap:111 opus/48000/2\r\n"
    offered = sdp.parse_offer(CHROMIUM.replace(line, line + told))
    sound = next(one for one in offered.media if one.kind == "audio")
    codec = codec_choice.audio_codec(sound)
    assert codec is not None and codec.has_nack is bool(answered)
    answer = sdp_answer.write_answer(
        1, 1, [sdp_answer.AnswerMedia(sound, (codec,), "recvonly")], TRANSPORT, "watchroom"
    )
    assert [text.split()[1] for text in answer.splitlines() if text.startswith("a=rtcp-fb:111")] == answered


def test_repairs_are_answered_where_they_are_offered() -> None:
    video = sdp.parse_offer(CHROMIUM).media[0]
    assert video.repairs == ((4026531840, 17),)
    codecs = codec_choice.with_repairs(video, codec_choice.viewer_codecs(video, "VP8", None))
    assert [(codec.payload_type, codec.is_repair) for codec in codecs] == [(96, False), (97, True), (106, False)]
    taken = sdp_answer.AnswerMedia(video, tuple(codecs), "sendonly", 99, 98)
    answer = sdp_answer.write_answer(1, 1, [taken], TRANSPORT, "watchroom")
    assert "a=rtcp-fb:97" not in answer
    (read,) = SessionDescription.parse(answer).media
    assert [one.ssrc for one in read.ssrc] == [99, 98]
    assert [(group.semantic, group.items) for group in read.ssrc_group] == [("FID", [99, 98])]
    assert [(one.mimeType, one.parameters) for one in read.rtp.codecs][1] == ("video/rtx", {"apt": 96})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FID 4026531840 17", "SIM 4026531840 17"),
        ("FID 4026531840 17", "FID 4026531840 17 18"),
        ("FID 4026531840 17", f"FID 4026531840 {'1' * 5000}"),
        ("a=ssrc-group:FID 4026531840 17", "a=ssrc-group:"),
    ],
)
def test_a_group_that_is_no_pair_is_none(old: str, new: str) -> None:
    assert sdp.parse_offer(CHROMIUM.replace(old, new)).media[0].repairs == ()


@pytest.mark.parametrize(("old", "new"), [("apt=96", "apt=33"), ("apt=96", ""), ("rtx/90000", "rtx/8000")])
def test_a_repair_of_another_codec_is_none(old: str, new: str) -> None:
    video = sdp.parse_offer(CHROMIUM.replace(old, new)).media[0]
    assert not any(codec.is_repair for codec in codec_choice.with_repairs(video, codec_choice.video_codecs(video)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("a=group:BUNDLE 0 1\r\n", "", "BUNDLE"),
        ("a=ice-ufrag:abcd\r\n", "", "ice-ufrag"),
        (f"a=fingerprint:sha-256 {DIGEST}\r\n", "a=fingerprint:md5 AB\r\n", "fingerprint"),
        ("recvonly", "sendonly", "recvonly"),
        ("v=0\r\n", "v=0\r\na=ice-lite\r\n", "ice-lite"),
    ],
)
def test_an_offer_of_no_use_says_what_is_wrong(old: str, new: str, says: str) -> None:
    with pytest.raises(Unprocessable, match=says):
        usable(read_offer(CHROMIUM.replace(old, new)), ("recvonly", "sendrecv"))


def test_a_fragment_names_its_generation() -> None:
    body = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    assert parse_fragment(body) == Fragment("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
    written = write_fragment("uuuu", "p" * 22, "0", sdp_answer.candidate_lines(("127.0.0.1",), 9))
    assert parse_fragment(written) == Fragment("uuuu", "p" * 22)


PUBLISHER = CHROMIUM.replace("a=recvonly", "a=sendonly").replace(
    "a=extmap:9 urn",
    f"a=extmap:2 {sdp.SEND_TIME_EXTENSION}\r\na=extmap:4 {sdp.TRANSPORT_EXTENSION}\r\n"
    "a=rtcp-fb:106 transport-cc\r\na=rtcp-fb:106 goog-remb\r\na=extmap:9 urn",
)


@pytest.mark.parametrize(
    ("leave_out", "feedback", "extensions"),
    [
        ("", "transport-cc", {4: sdp.TRANSPORT_EXTENSION, 9: sdp.MID_EXTENSION}),
        ("a=rtcp-fb:106 transport-cc\r\n", "goog-remb", {2: sdp.SEND_TIME_EXTENSION, 9: sdp.MID_EXTENSION}),
        (f"a=extmap:4 {sdp.TRANSPORT_EXTENSION}\r\n", "goog-remb", {2: sdp.SEND_TIME_EXTENSION, 9: sdp.MID_EXTENSION}),
        (
            "a=rtcp-fb:106 transport-cc\r\na=rtcp-fb:106 goog-remb\r\n",
            None,
            {2: sdp.SEND_TIME_EXTENSION, 9: sdp.MID_EXTENSION},
        ),
    ],
)
def test_a_camera_is_promised_arrivals_if_it_offers_both_attributes_else_an_estimate(
    leave_out: str, feedback: str | None, extensions: dict[int, str]
) -> None:
    video = sdp.parse_offer(PUBLISHER.replace(leave_out, "")).media[0]
    codec = codec_choice.video_codecs(video)[0]
    assert codec.payload_type == 106
    answer = sdp_answer.write_answer(
        1, 1, [sdp_answer.AnswerMedia(video, (codec,), "recvonly")], TRANSPORT, "watchroom"
    )
    read = SessionDescription.parse(answer).media[0]
    told = {" ".join(filter(None, (one.type, one.parameter))) for one in read.rtp.codecs[0].rtcpFeedback}
    assert told == {"nack", "nack pli", "ccm fir", feedback} - {None}, (
        "none is answered that was not offered (RFC 4585)"
    )
    assert {one.id: one.uri for one in read.rtp.headerExtensions} == extensions
    assert (sdp_answer.transport_extension(video, [codec]) == 4) == (feedback == "transport-cc")


def test_a_viewer_is_sent_no_extension() -> None:
    video = sdp.parse_offer(PUBLISHER.replace("a=sendonly", "a=sendrecv")).media[0]
    taken = sdp_answer.AnswerMedia(video, tuple(codec_choice.video_codecs(video)), "sendonly", 99)
    answer = sdp_answer.write_answer(1, 1, [taken], TRANSPORT, "watchroom")
    assert "extmap" not in answer and "transport-cc" not in answer and "goog-remb" in answer
