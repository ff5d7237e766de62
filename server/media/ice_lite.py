"""The ICE-lite side of one peer (RFC 8445 section 2.5): credentials, validated addresses, consent.

An address becomes the peer's only by a check that is signed with our password. That settles forged DTLS,
NAT rebinding and ICE restart at once, and no candidate of the peer is needed.

Consent (RFC 7675 section 5.1) is shown by the answers to one's own checks, and a lite agent makes none. Here it is shown by
what comes from the selected address: a check that is signed with our password, or a packet that opens with the peer's
SRTP keys. The latter is more than the RFC lets count; without it a client that stops its checks once it is connected
would be cut off while it sends its reports.
"""

from __future__ import annotations

from server.media import stun

Address = tuple[str, int] | tuple[str, int, int, int]  # as the socket has it: IPv6 with flow and scope

CONSENT_S = 30.0  # RFC 7675 section 5.1
SILENT_S = 2.0  # the selected address has said nothing for this long: another one that is valid takes over
QUIET_S = 0.25  # the same, where the other one carries media: a camera sends 50 packets a second
MAX_ADDRESSES = 8


class IceLite:
    """Times are monotonic seconds."""

    def __init__(self, ufrag: str, pwd: str, now: float) -> None:
        self.ufrag = ufrag
        self._passwords = {ufrag: pwd}
        self.selected: Address | None = None
        self._validated: dict[Address, float] = {}
        self._consented_at = self._spoke_at = now
        self._spoke_from: Address | None = None

    @property
    def pwd(self) -> str:
        """The present password."""
        return self._passwords[self.ufrag]

    @property
    def ufrags(self) -> tuple[str, ...]:
        """All that are answered: during a restart also the one before."""
        return tuple(self._passwords)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All validated addresses."""
        return tuple(self._validated)

    def restart(self, ufrag: str, pwd: str) -> None:
        """New credentials; the old ones stay good until the first check with the new ones (RFC 8445 section 9)."""
        old = self.ufrag
        self._passwords = {old: self._passwords[old], ufrag: pwd}
        self.ufrag = ufrag

    def answer(self, request: stun.BindingRequest, address: Address, now: float) -> bytes | None:
        """The response to a check from `address`; None says that it is not signed by the peer: drop it."""
        ufrag = request.username.partition(":")[0]
        password = self._passwords.get(ufrag)
        if password is None or not request.is_signed_with(password):
            return None
        if request.controlled:  # a lite agent is always the controlled one
            return stun.refusal(request, stun.ROLE_CONFLICT, "Role Conflict", password)
        restarted = ufrag == self.ufrag and len(self._passwords) > 1
        if restarted:
            self._passwords = {ufrag: password}
        self._validate(address, now)
        silent = self.selected is not None and now - self._validated.get(self.selected, now - SILENT_S) >= SILENT_S
        if request.use_candidate or restarted or silent or self.selected is None:
            self.selected = address
        self._note(address, now)
        return stun.success(request, address, password)

    def _note(self, address: Address, now: float) -> None:
        self._validated[address] = now
        if address == self.selected:
            self._consented_at = now

    def _validate(self, address: Address, now: float) -> None:
        self._validated.setdefault(address, now)
        while len(self._validated) > MAX_ADDRESSES:
            others = [one for one in self._validated if one not in (self.selected, address)]
            del self._validated[min(others, key=lambda one: self._validated[one])]

    def note_traffic(self, address: Address, now: float) -> bool:
        """Genuine (decrypted) traffic came from a validated address: as good as a check to keep it alive.

        Returns whether the peer has moved there: then it is sent to from now on.
        """
        if address not in self._validated:
            return False
        selected = self.selected
        moved = address != selected and (selected is None or now - self._validated.get(selected, now) >= QUIET_S)
        if moved:
            self.selected = address
        self._note(address, now)
        self._spoke_at, self._spoke_from = now, address
        return moved

    def speaks_from(self, address: Address, now: float) -> bool:
        """Whether its last genuine traffic came from `address`, less than SILENT_S ago. A check's address may be forged."""
        return address == self._spoke_from and now - self._spoke_at < SILENT_S

    def has_consent(self, now: float) -> bool:
        """Whether the peer has shown within CONSENT_S, from where it is sent to, that it still wants to be."""
        return now - self._consented_at < CONSENT_S
