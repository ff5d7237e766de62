"""An authority's timestamp (RFC 3161), in DER (X.690): what is asked for, and whether the answer is to that. Pure.

Our own forty lines: the one library for it is not among those that are here, and what travels with a bundle has none at all.
Who made a timestamp is checked by recording/vouching.
"""

from __future__ import annotations

REQUEST_TYPE, ANSWER_TYPE = "application/timestamp-query", "application/timestamp-reply"
INTEGER, OCTETS, SEQUENCE = 0x02, 0x04, 0x30
SHA256 = bytes.fromhex("300d06096086480165030402010500")
GRANTED = (0, 1)  # the latter with changes that are not about what was stamped


def request(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (2.4.1) for a SHA-256, with the authority's certificates to come with the answer."""
    imprint = _element(SEQUENCE, SHA256 + _element(OCTETS, digest))
    return _element(SEQUENCE, _integer(1) + imprint + _integer(nonce) + b"\x01\x01\xff")


def granted(response: bytes, digest: bytes, nonce: int) -> str:
    """When `digest` was stamped, as the TimeStampResp (2.4.2) to that request says. Raises ValueError: why it is none."""
    try:
        ((_, whole),) = _elements(response)
        (_, status), *token = _elements(whole)
        code, *more = _elements(status)
        refusal = "" if int.from_bytes(code[1], "big") in GRANTED else f"status {code[1].hex()}{_said(more)}"
        info = _elements(_info(token[0][1])) if not refusal else []
        stamped, at = (_elements(info[2][1])[1][1], info[4][1]) if info else (b"", b"")
        nonces = [int.from_bytes(one, "big") for tag, one in info[5:] if tag == INTEGER]
    except (ValueError, IndexError) as error:
        raise ValueError("its answer cannot be read") from error
    if refusal:
        raise ValueError(f"it refuses: {refusal}")
    if stamped != digest or nonces != [nonce]:
        raise ValueError("its answer is to another request")
    return at.decode("ascii", "replace")


def _said(status: list[tuple[int, bytes]]) -> str:
    """The free text behind a status."""
    texts = [text for tag, free in status if tag == SEQUENCE for _, text in _elements(free)]
    return "".join(f", {text.decode(errors='replace')}" for text in texts)


def _info(token: bytes) -> bytes:
    """The TSTInfo in a ContentInfo with SignedData (RFC 5652, 5.1)."""
    signed = _elements(_elements(_elements(token)[1][1])[0][1])
    content = _elements(_elements(signed[2][1])[1][1])[0][1]
    return _elements(content)[0][1]


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element. Raises ValueError when the last one is not whole, and IndexError."""
    found = []
    while data:
        head, length = 2, data[1]
        if length & 0x80:
            head += length & 0x7F
            length = int.from_bytes(data[2:head], "big")
        if len(data) < head + length:
            raise ValueError("an element is not whole")
        found.append((data[0], data[head : head + length]))
        data = data[head + length :]
    return found


def _element(tag: int, content: bytes) -> bytes:
    """Of less than 128 bytes, as all of a request's are."""
    return bytes((tag, len(content))) + content


def _integer(value: int) -> bytes:
    return _element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
