"""The format and its proofs: chain, Merkle tree, signature; and that every change is found and no good file is blamed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.recording.chain import Link, whole_entries
from server.recording.clip import clip, merkle_proofs
from server.recording.contents import contents
from server.recording.signing import EvidenceKey
from server.recording.verifier import (
    START,
    canonical,
    chained,
    ed25519_holds,
    merkle_holds,
    merkle_root,
    misshapen,
    parsed,
    verify,
    words,
)
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, bundle, init, media, new_folder, recording, segment

# The Certificate Transparency project's own eight leaves and the roots of the first 1, 2, … 8 of them.
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4 76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


# ---- Merkle tree ------------------------------------------------------------------------------------


def test_the_tree_is_that_of_certificate_transparency() -> None:
    assert merkle_root([]) == hashlib.sha256(b"").digest()
    assert [merkle_root(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70))
def test_every_leaf_has_a_proof_that_holds(leaves: list[bytes]) -> None:
    root, proofs = merkle_root(leaves), merkle_proofs(leaves, range(len(leaves)))
    assert all(merkle_holds(leaf, at, len(leaves), proofs[at], root) for at, leaf in enumerate(leaves))


@given(st.data())
def test_a_proof_holds_for_nothing_else(data: st.DataObject) -> None:
    leaves = data.draw(st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True))
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = merkle_root(leaves), merkle_proofs(leaves, [index])[index]
    other = data.draw(st.binary(max_size=8).filter(lambda leaf: leaf != leaves[index]))
    assert not merkle_holds(other, index, len(leaves), proof, root)
    elsewhere = data.draw(st.integers(-2, len(leaves) + 2).filter(lambda at: at != index))
    assert not merkle_holds(leaves[index], elsewhere, len(leaves), proof, root)
    assert not merkle_holds(leaves[index], index, len(leaves), [*proof, bytes(32)], root)
    for at in range(len(proof)):
        assert not merkle_holds(leaves[index], index, len(leaves), proof[:at] + proof[at + 1 :], root)


# ---- chain ------------------------------------------------------------------------------------------


@given(json_values)
def test_there_is_one_way_to_write_an_object(value: Any) -> None:
    line = canonical({"value": value}) + b"\n"
    assert canonical(parsed(line)) + b"\n" == line


@pytest.mark.parametrize("line", [b"", b"\n", b"[]\n", b'{"a": 1}\n', b'{"a":1}', b'{"a":NaN}\n', b'{"b":1,"a":1}\n'])
def test_no_other_way_is_accepted(line: bytes) -> None:
    with pytest.raises(ValueError):
        parsed(line)
    with pytest.raises(ValueError):
        parsed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n")


@given(st.lists(st.dictionaries(st.sampled_from("abc"), json_values), max_size=6), st.data())
def test_a_chain_is_read_back_whole_and_to_its_last_whole_line(
    bodies: list[dict[str, Any]], data: st.DataObject
) -> None:
    link, lines, written = Link(), [], []
    for body in bodies:
        entry, line, link = link.add({"kind": "note", **body}, 1.5)
        lines.append(line)
        written.append(entry)
    whole = b"".join(lines)
    assert whole_entries(whole, Link()) == (written, len(whole), link)
    end = data.draw(st.integers(0, len(whole)))
    found, size, _ = whole_entries(whole[:end], Link())
    assert size == max(at for at in (len(b"".join(lines[:k])) for k in range(len(lines) + 1)) if at <= end)
    assert found == written[: len(found)]


@given(st.lists(json_values, min_size=2, max_size=5), st.data())
def test_a_chain_breaks_where_something_is_changed_taken_doubled_or_moved(
    values: list[Any], data: st.DataObject
) -> None:
    entries, previous = [], START
    for i, value in enumerate(values):
        previous = chained(previous, {"i": i, "value": value})
        entries.append({"i": i, "value": value, "chain": previous})
    at = data.draw(st.integers(0, len(entries) - 2))
    changed = [dict(entry) for entry in entries]
    changed[at]["i"] = 99
    swapped = [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]]
    for broken in (changed, entries[:at] + entries[at + 1 :], [*entries[: at + 1], *entries[at:]], swapped):
        before = [START, *(entry["chain"] for entry in broken)]
        assert any(chained(one, entry) != entry["chain"] for one, entry in zip(before, broken, strict=False))
    assert all(chained(one["chain"], two) == two["chain"] for one, two in pairwise(entries))


# ---- signature --------------------------------------------------------------------------------------


def test_a_signature_of_rfc_8032_holds() -> None:
    """Section 7.1, test 2: one byte."""
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519_holds(key, b"\x72", signature)
    assert not ed25519_holds(key, b"\x73", signature)


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.data())
def test_signatures_hold_as_the_library_makes_them_and_with_no_bit_changed(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519_holds(public, message, signature)
    whole = public + signature
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = flipped(whole, bit)
    assert not ed25519_holds(changed[:32], message, changed[32:])
    assert not ed25519_holds(public, message + b"x", signature)


def test_a_signature_with_a_number_beyond_the_order_is_refused() -> None:
    """RFC 8032, 5.1.7: S must be below L, or every signature could be written in two ways."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = key.sign(b"x")
    higher = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    assert not ed25519_holds(key.public_key().public_bytes_raw(), b"x", signature[:32] + higher.to_bytes(32, "little"))
    assert not ed25519_holds(b"", b"x", b"")


# ---- form -------------------------------------------------------------------------------------------


def test_a_segment_is_moof_and_mdat_whose_sizes_add_up() -> None:
    def shape(content: bytes, *parts: str) -> str | None:
        return misshapen(memoryview(content), len(content), (parts[0], parts[1]) if parts else ("moof", "mdat"))

    good = media(1, b"pictures")
    assert shape(good) is None and shape(good + media(2, b"more")) is None
    assert shape(b"\0\0\0\x08styp" + good) is None
    assert shape(init(), "ftyp", "moov") is None
    large = good[:-16] + b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x18pictures"
    assert shape(large) is None
    assert shape(b"") and shape(good[:-1]) and shape(good + b"x") and shape(good[len(good) - 16 :]) and shape(init())
    assert shape(good.replace(b"trun", b"free")) and shape(good, "ftyp", "moov") and shape(large[:-12])


def flipped(content: bytes, bit: int) -> bytes:
    """With one bit turned over."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# ---- recordings: what is changed is found -----------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings, closed and signed; who changes them puts back what was there."""
    root = tmp_path_factory.mktemp("recordings")
    recording(root)
    recording(root, 3, "20261128T220000Z-et14-00000001")
    return root


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """A file with other content (None: without it) for a while."""
    before = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    yield
    path.unlink(missing_ok=True)
    if before is not None:
        path.write_bytes(before)


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def found(told: dict[str, Any]) -> str:
    """Everything that was found against a claim."""
    return "\n".join(text for one in told["recordings"] for claim in one["claims"] for text in claim["found"])


def test_a_good_one_is_not_blamed(good: Path, tmp_path: Path) -> None:
    for path in (
        good,
        good / IDENTITY,
        bundle(tmp_path / "stored.zip", good),
        bundle(tmp_path / "packed.zip", good, 8),
    ):
        told = verify(str(path))
        assert (told["exit"], found(told)) == (0, ""), path
        assert verify(str(path), [KEY.public_key])["exit"] == 0
    unpacked = tmp_path / "a folder of the defence"
    shutil.unpack_archive(tmp_path / "packed.zip", unpacked)
    (unpacked / IDENTITY / ".DS_Store").write_bytes(b"a desktop's")
    assert verify(str(unpacked))["exit"] == 0


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_flipped_bit_is_found(good: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(good)))
    content = path.read_bytes()
    with changed(path, flipped(content, data.draw(st.integers(0, 8 * len(content) - 1)))):
        assert verify(str(good))["exit"] == 2, path.name


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_everything_cut_off_and_everything_added_is_found(good: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(good / IDENTITY)))
    content = path.read_bytes()
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    for other in (cut, content + data.draw(st.binary(min_size=1, max_size=20)), content + content):
        with changed(path, other):
            assert verify(str(good / IDENTITY))["exit"] == 2, path.name


def test_every_file_that_was_taken_away_is_missed(good: Path) -> None:
    for path in files(good):
        with changed(path, None):
            # without its manifest a recording is like one that a crash cut off
            assert verify(str(good))["exit"] == (3 if path.name == "manifest.json" else 2), path.name


def test_every_two_files_that_changed_places_are_found(good: Path) -> None:
    every = files(good / IDENTITY)
    for one, two in ((one, two) for one in every for two in every if one < two):
        if one.read_bytes() != two.read_bytes():
            with changed(one, two.read_bytes()), changed(two, one.read_bytes()):
                assert verify(str(good / IDENTITY))["exit"] == 2, (one.name, two.name)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_journals_with_lines_taken_doubled_or_moved_are_found(good: Path, data: st.DataObject) -> None:
    path = good / IDENTITY / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    at, to = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
    without = lines[:at] + lines[at + 1 :]
    for other in (without, [*lines[:at], lines[at], *lines[at:]], [*without[:to], lines[at], *without[to:]]):
        with changed(path, b"".join(other)):
            assert verify(str(good / IDENTITY))["exit"] == (2 if other != lines else 0)


def test_what_is_foreign_is_found(good: Path) -> None:
    for name in ("main/000005.m4s", "main/000099.m4s", "main/init-3.mp4", "main/000001.m4s.new", "notes.txt", "x/y"):
        path = good / IDENTITY / name
        path.parent.mkdir(exist_ok=True)
        with changed(path, media(5, b"foreign")):
            told = verify(str(good))
            assert told["exit"] == 2 and name in found(told)
    link = good / IDENTITY / "main" / "000005.m4s"
    link.symlink_to(good / IDENTITY / "main" / "000004.m4s")
    assert "not a plain file" in found(verify(str(good)))
    link.unlink()


def test_the_bad_segment_is_named_with_its_time(good: Path) -> None:
    path = good / IDENTITY / "main" / "000003.m4s"
    with changed(path, flipped(path.read_bytes(), 700)):
        told = verify(str(good))
    [bad] = [bad for one in told["recordings"] for bad in one["bad"]]
    assert (bad["layer"], bad["n"], bad["start"], bad["at"]) == ("main", 3, 4.0, "2026-11-28 20:46:04.000 UTC")
    assert "segment 3 of main (2026-11-28 20:46:04.000 UTC, 4.00 to 6.00 s into the recording) is altered" in found(
        told
    )


def test_a_manifest_of_another_recording_or_key_is_found(good: Path) -> None:
    ours, theirs = sorted(good.iterdir())
    for names in (["manifest.json"], ["manifest.sig"], ["manifest.json", "manifest.sig"]):
        before = {name: (ours / name).read_bytes() for name in names}
        for name in names:
            (ours / name).write_bytes((theirs / name).read_bytes())
        assert verify(str(ours))["exit"] == 2
        for name, content in before.items():
            (ours / name).write_bytes(content)
    stranger = EvidenceKey(Ed25519PrivateKey.generate())
    body = parsed((ours / "manifest.json").read_bytes()) | {"public_key": stranger.public_key}
    forged = canonical(body) + b"\n"
    with changed(ours / "manifest.json", forged), changed(ours / "manifest.sig", stranger.sign(forged)):
        assert verify(str(ours))["exit"] == 2
    told = verify(str(ours), [stranger.public_key])
    assert told["exit"] == 2 and "not the key that you named" in found(told)
    assert verify(str(ours), [stranger.public_key, KEY.public_key])["exit"] == 0


def test_a_recording_under_another_ones_name_is_found(good: Path, tmp_path: Path) -> None:
    shutil.copytree(good / IDENTITY, tmp_path / "20261128T220000Z-et14-00000001")
    shutil.copytree(good / IDENTITY, tmp_path / "case 17")
    assert verify(str(tmp_path / "case 17"))["exit"] == 0
    assert verify(str(tmp_path))["exit"] == 2


def test_a_segment_that_was_never_one_is_told_apart_from_an_altered_one(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0, data=b"no boxes at all"))
    folder.close("officer", BEGAN + 2, KEY)
    verdicts = {claim["claim"]: claim["verdict"] for claim in verify(str(tmp_path))["recordings"][0]["claims"]}
    assert verdicts["Every segment is a well-formed MP4 fragment"] == "FAIL"
    assert verdicts["Every segment is there, byte for byte as it was written"] == "PASS"


# ---- unfinished recordings --------------------------------------------------------------------------


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    folder = new_folder(tmp_path)
    for number in range(3):
        folder.commit(segment(number))
    folder.leave()
    return folder.path


def test_an_open_recording_is_checked_and_told_as_unfinished(unfinished: Path) -> None:
    assert verify(str(unfinished))["exit"] == 3
    with changed(unfinished / "main" / "000002.m4s", b"other"):
        assert verify(str(unfinished))["exit"] == 2
    journal = (unfinished / "journal.jsonl").read_bytes()
    middle = len(journal) // 2
    with changed(unfinished / "journal.jsonl", flipped(journal, 8 * middle)):
        assert verify(str(unfinished))["exit"] == 2


@pytest.mark.parametrize("torn", [b'{"at":17', b"\0" * 512, b"\0" * 40 + b"}\n"])
def test_what_a_crash_leaves_is_told_and_not_blamed(unfinished: Path, torn: bytes) -> None:
    for name in ("main/000004.m4s", "main/000005.m4s", "main/000006.m4s.new", "main/init-2.mp4", "sub/000001.m4s"):
        (unfinished / name).parent.mkdir(exist_ok=True)
        (unfinished / name).write_bytes(media(4, b"in flight"))
    with (unfinished / "journal.jsonl").open("ab") as journal:
        journal.write(torn)
    told = verify(str(unfinished))
    assert told["exit"] == 3 and "FAIL" not in {claim["verdict"] for claim in told["recordings"][0]["claims"]}
    assert len(told["recordings"][0]["notes"]) == 6
    (unfinished / "main" / "000008.m4s").write_bytes(media(8, b"not the next"))
    assert verify(str(unfinished))["exit"] == 2


def test_a_format_of_later_years_is_not_judged(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.leave()
    entry = dict(parsed((folder.path / "journal.jsonl").read_bytes())) | {"format": 2}
    entry["chain"] = chained(START, entry)
    (folder.path / "journal.jsonl").write_bytes(canonical(entry) + b"\n")
    told = verify(str(tmp_path))
    assert told["exit"] == 3 and "a later verifier is needed" in found(told)


def test_a_closed_recording_without_its_signature_is_not_told_as_whole(good: Path) -> None:
    with changed(good / IDENTITY / "manifest.json", None), changed(good / IDENTITY / "manifest.sig", None):
        told = verify(str(good / IDENTITY))
        assert told["exit"] == 3 and "closed, but not signed" in found(told)


# ---- clips ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Segments 2 and 3 of main, with what proves that they are the recording's."""
    source, target = good / IDENTITY, tmp_path_factory.mktemp("clips") / "clip"
    entries, _, _ = whole_entries((source / "journal.jsonl").read_bytes(), Link())
    made = clip(
        entries, (source / "manifest.json").read_bytes(), (source / "manifest.sig").read_bytes(), 3, 5, {"main"}
    )
    assert made.files == ("main/init-1.mp4", "main/000002.m4s", "main/init-2.mp4", "main/000003.m4s")
    for name in made.files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    (target / "clip.json").write_bytes(made.text)
    return target


def test_a_clip_is_proved_without_the_rest(cut: Path, tmp_path: Path) -> None:
    for path in (cut, cut.parent, bundle(tmp_path / "clip.zip", cut.parent, 8)):
        told = verify(str(path), [KEY.public_key])
        assert (told["exit"], found(told)) == (0, "")
        assert told["recordings"][0]["recording_id"] == IDENTITY and told["recordings"][0]["kind"] == "clip"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_flipped_bit_of_a_clip_is_found(cut: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(cut)))
    content = path.read_bytes()
    with changed(path, flipped(content, data.draw(st.integers(0, 8 * len(content) - 1)))):
        assert verify(str(cut))["exit"] == 2, path.name


def test_what_a_clip_leaves_out_or_claims_of_itself_is_found(cut: Path, good: Path) -> None:
    source = good / IDENTITY
    entries, _, _ = whole_entries((source / "journal.jsonl").read_bytes(), Link())
    proof = (source / "manifest.json").read_bytes(), (source / "manifest.sig").read_bytes()
    body = parsed(clip(entries, *proof, 0, 8, {"main"}).text)
    holed = canonical(body | {"parts": body["parts"][:2] + body["parts"][3:]}) + b"\n"
    with changed(cut / "clip.json", holed):
        assert "follows number 1" in found(verify(str(cut)))
    part = body["parts"][2]
    later = part | {"entry": part["entry"] | {"received_at": BEGAN + 3600}}
    later["entry"]["chain"] = chained(part["previous"], later["entry"])
    with changed(cut / "clip.json", canonical(body | {"parts": [body["parts"][0], later]}) + b"\n"):
        assert "does not stand in the recording" in found(verify(str(cut)))
    for name in ("main/000002.m4s", "main/init-1.mp4"):
        with changed(cut / name, None):
            assert verify(str(cut))["exit"] == 2


def test_a_clip_cannot_hide_a_gap_that_the_recording_declares(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    for number in (0, 1):
        folder.commit(segment(number))
    folder.gap("main", 4.0, 4.4, BEGAN + 4, BEGAN + 4.4, "lost", 9)
    folder.commit(segment(2, start=4.4))
    manifest = folder.close("officer", BEGAN + 7, KEY)
    entries, _, _ = whole_entries((folder.path / "journal.jsonl").read_bytes(), Link())
    body = parsed(clip(entries, manifest.text, manifest.signature, 0, 7, {"main"}).text)
    text = folder.path / "clip.json"
    for name in ("journal.jsonl", "manifest.json", "manifest.sig"):
        (folder.path / name).unlink()
    text.write_bytes(canonical(body) + b"\n")
    assert verify(str(folder.path))["exit"] == 0
    body["parts"] = [part for part in body["parts"] if part["entry"]["kind"] != "gap"]
    text.write_bytes(canonical(body) + b"\n")
    told = verify(str(folder.path))
    assert told["exit"] == 2 and "a gap in main" in found(told)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gaps=st.lists(st.tuples(st.sampled_from(["main", "sub"]), st.floats(0, 12), st.floats(0, 3)), max_size=4),
    start=st.floats(0, 11),
    length=st.floats(0.01, 6),
    layers=st.sampled_from([{"main"}, {"sub"}, {"main", "sub"}]),
)
def test_no_clip_of_a_good_recording_is_blamed(
    tmp_path: Path, gaps: list[tuple[str, float, float]], start: float, length: float, layers: set[str]
) -> None:
    shutil.rmtree(tmp_path / IDENTITY, ignore_errors=True)
    folder = new_folder(tmp_path)
    for number in range(6):
        folder.commit(segment(number))
        folder.commit(segment(number, "sub", width=160))
        for layer, at, gap in gaps:
            if number == int(at / 2):
                folder.gap(layer, at, at + gap, BEGAN + at, BEGAN + at + gap, "lost", 1)
    manifest = folder.close("officer", BEGAN + 12, KEY)
    entries, _, _ = whole_entries((folder.path / "journal.jsonl").read_bytes(), Link())
    made = clip(entries, manifest.text, manifest.signature, start, start + length, layers)
    for path in files(folder.path):
        if path.relative_to(folder.path).as_posix() not in made.files:
            path.unlink()
    (folder.path / "clip.json").write_bytes(made.text)
    told = verify(str(folder.path))
    assert (told["exit"], found(told)) == (0, "")


# ---- bundles ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings with the log beside them, and the signed list of what is beside them."""
    target = tmp_path_factory.mktemp("export") / "incident"
    shutil.copytree(good, target)
    for name in ("log.json", "tracks/et17.gpx"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(f"what {name} says")
    beside = {name: (target / name).read_bytes() for name in ("log.json", "tracks/et17.gpx")}
    sums = {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in beside.items()}
    text = contents(sums, [folder.name for folder in good.iterdir()], KEY.public_key, {"why": "court"})
    (target / "contents.json").write_bytes(text)
    (target / "contents.sig").write_bytes(KEY.sign(text))
    return target


def test_what_lies_beside_the_recordings_of_a_bundle_is_vouched_for_by_its_list(exported: Path) -> None:
    told = verify(str(exported), [KEY.public_key])
    assert (told["exit"], found(told), told["others"]) == (0, "", [])
    for name, about in (("log.json", "altered"), ("tracks/et17.gpx", "missing"), ("contents.sig", "no signature")):
        with changed(exported / name, None if about != "altered" else b"what log.json sayS"):
            told = verify(str(exported))
            assert told["exit"] == 2 and about in found(told)
    with changed(exported / "new.txt", b"x"):
        assert "new.txt is not in the list" in found(verify(str(exported)))
    (exported / IDENTITY).rename(exported.parent / "elsewhere")
    told = verify(str(exported))
    (exported.parent / "elsewhere").rename(exported / IDENTITY)
    assert f"{IDENTITY} is not there" in found(told)
    with changed(exported / "contents.json", None):
        told = verify(str(exported))
        assert told["exit"] == 0 and told["others"] == ["contents.sig", "log.json", "tracks/et17.gpx"]
        assert "files that are in no recording: contents.sig, log.json, tracks/et17.gpx" in told["not_proved"][-1]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_flipped_bit_beside_the_recordings_is_found(exported: Path, data: st.DataObject) -> None:
    path = data.draw(
        st.sampled_from([path for path in files(exported) if "Z-" not in path.parent.name + path.parent.parent.name])
    )
    content = path.read_bytes()
    with changed(path, flipped(content, data.draw(st.integers(0, 8 * len(content) - 1)))):
        assert verify(str(exported))["exit"] == 2, path.name


# ---- forgers, and recordings that live --------------------------------------------------------------

hostile = json_values | st.sampled_from([10**400, -1, True, 1e300, "../../x", "main/000001.m4s", "main/init-1.mp4", [{}], [{"file": "journal.torn-1"}]])  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_that_a_forger_writes_and_signs_makes_the_verifier_stumble(
    good: Path, cut: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Whoever has a key of his own can write anything into a chain that holds."""
    source = good / IDENTITY
    entries, _, _ = whole_entries((source / "journal.jsonl").read_bytes(), Link())
    previous, forged = START, []
    for entry in [dict(entry) for entry in entries]:
        if data.draw(st.integers(0, 3)) == 0:
            name = data.draw(st.sampled_from([*entry, "kept", "i", "kind"]))
            entry[name] = data.draw(hostile)
        entry["chain"] = previous = chained(previous, entry)
        forged.append(entry)
    manifest = parsed((source / "manifest.json").read_bytes())
    manifest[data.draw(st.sampled_from(sorted(manifest)))] = data.draw(hostile)
    text = canonical(manifest) + b"\n"
    target = tmp_path / "forged"
    if not target.exists():
        shutil.copytree(source, target)
    (target / "journal.jsonl").write_bytes(b"".join(canonical(entry) + b"\n" for entry in forged))
    (target / "manifest.json").write_bytes(text)
    (target / "manifest.sig").write_bytes(KEY.sign(text))
    told = verify(str(target))
    assert told["exit"] in (0, 2, 3) and list(words(told))
    body = parsed((cut / "clip.json").read_bytes())
    body["parts"][0][data.draw(st.sampled_from(["entry", "previous", "proof"]))] = data.draw(hostile)
    body["manifest"] = text.decode()
    if data.draw(st.booleans()):
        body[data.draw(st.sampled_from(["parts", "manifest", "signature"]))] = data.draw(hostile)
    with changed(cut / "clip.json", canonical(body) + b"\n"):
        assert list(words(verify(str(cut))))


def test_a_recording_that_is_being_written_is_never_blamed(tmp_path: Path) -> None:
    def write() -> None:
        for round_ in range(6):
            folder = new_folder(tmp_path, f"20261128T204600Z-et17-{round_:08d}")
            for number in range(25):
                folder.commit(segment(number, width=640 + number % 2))
            folder.close("officer", BEGAN + 50, KEY)

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            told = verify(str(tmp_path))
            seen.add(told["exit"])
            assert told["exit"] != 2, found(told)
        writing.result()
    assert 3 in seen and verify(str(tmp_path))["exit"] == 0


def test_time_that_nothing_covers_is_noted(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    for number in (0, 1, 4, 5, 9):
        folder.commit(segment(number))
    folder.gap("main", 4.0, 8.0, BEGAN + 4, BEGAN + 8, "camera-away", None)
    folder.close("officer", BEGAN + 20, KEY)
    told = verify(str(tmp_path))
    assert told["exit"] == 0
    assert told["recordings"][0]["notes"] == ["main: nothing from 12.00 to 18.00 s, and no gap declared"]
