"""Which devices a camera lacks, by what lies in the file system."""

from __future__ import annotations

from pathlib import Path

from streamer.lacking import lacking


def test_a_missing_device_is_named_and_one_that_comes_is_not(tmp_path: Path) -> None:
    camera, receiver, cards = (tmp_path / name for name in ("video0", "ttyACM0", "cards"))
    wanted = (f"v4l2:{camera}", "mic:default", f"nmea:{receiver}")
    assert lacking(*wanted, cards) == ["picture", "sound", "position"]
    cards.write_text("--- no soundcards ---\n")
    camera.touch()
    assert lacking(*wanted, cards) == ["sound", "position"]
    cards.write_text(" 0 [Camera         ]: USB-Audio - USB Camera\n")
    receiver.touch()
    assert lacking(*wanted, cards) == []


def test_what_has_no_device_lacks_none(tmp_path: Path) -> None:
    for source, sound, gps in (
        ("street", "synth", "scenario"),
        ("rtsp://camera/1", "none", "none"),
        ("file:/nowhere.mp4", "source", "gpsd://localhost:2947"),
        ("street", "mic:pulse:alsa_input.usb", "none"),  # a sound server's own affair
    ):
        assert lacking(source, sound, gps, tmp_path / "cards") == []
