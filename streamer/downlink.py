"""What the server sends: advice is stored, shown and answered, requests are done, watchers are told, all of it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from server import wire
from streamer.clock import Clock
from streamer.controls import Kit
from streamer.outbox import Outbox
from streamer.prompt import Prompt
from streamer.store import AdviceRow

FromServer = (
    wire.Challenge
    | wire.Welcome
    | wire.Token
    | wire.Ack
    | wire.Refused
    | wire.Advice
    | wire.Watchers
    | wire.Request
    | wire.MediaSession
    | wire.AlertUpdate
)


class Downlink:
    """Takes each message to where it belongs. `on_shown` is told of each piece of advice when the officer has it.

    `has_reader`: an officer sees what the prompt says. Without one (a service that writes a log) advice is told to the
    server as delivered and never as shown: control must say it again, or by radio.
    """

    def __init__(self, outbox: Outbox, kit: Kit, prompt: Prompt, clock: Clock, *, keys: bool, has_reader: bool) -> None:
        self._outbox = outbox
        self._kit = kit
        self._prompt = prompt
        self._clock = clock
        self._keys = keys
        self._has_reader = has_reader
        self.on_token: Callable[[wire.Token], None] = lambda token: None
        self.on_shown: Callable[[str], None] = lambda advice_id: None
        self.on_media_session: Callable[[str | None], None] = lambda session_id: None

    def take(self, message: FromServer) -> None:
        """One message from the server. Raises StoreError if it cannot be kept."""
        match message:
            case wire.Ack():
                self._outbox.acknowledged(message.seqs)
            case wire.Refused():
                self._refused(message)
            case wire.Advice():
                self._advice(message)
            case wire.Watchers():
                self._prompt.watchers(message.watchers)
            case wire.Request():
                self._kit.request(message.request_id, message.what, message.by)
            case wire.MediaSession():
                self.on_media_session(message.session_id)
            case wire.AlertUpdate():
                self._prompt.alert(message)
            case wire.Token():
                self.on_token(message)
            case wire.Challenge() | wire.Welcome():
                self._prompt.say("The server began the conversation twice; that is ignored.")

    def show_what_waits(self) -> None:
        """After a restart: advice that had arrived and was not shown is shown now."""
        for advice in self._outbox.advice_in("delivered"):
            self._show(advice)

    def heard(self, advice_id: str | None = None) -> int:
        """The officer answers: all that was shown (or that one piece) is acknowledged. Returns how many.

        Who answers by the local control of a camera without a reader has had it in another way.
        """
        states = ("shown",) if self._has_reader else ("shown", "delivered")
        waiting = [advice for state in states for advice in self._outbox.advice_in(state)]
        shown = [advice for advice in waiting if advice_id in (None, advice.advice_id)]
        for advice in shown:
            self._outbox.advice(self._clock.wall(), replace(advice, state="acknowledged"))
        if shown:
            self._prompt.say("Heard.")
        return len(shown)

    def _refused(self, message: wire.Refused) -> None:
        if self._outbox.refused(message.seq, message.reason, self._clock.wall()):
            self._prompt.say(f"The server refused message {message.seq}: {message.reason}; it is set aside.")

    def _advice(self, message: wire.Advice) -> None:
        known = self._outbox.known_advice(message.advice_id)
        if known is not None:
            # the server has lost our receipt, or sends again: it is shown once, and told again where it stands
            self._outbox.advice(self._clock.wall(), known)
            return
        advice = AdviceRow(message.advice_id, message.text, message.author, message.sent_at, "delivered")
        self._outbox.advice(self._clock.wall(), advice)
        self._show(advice)

    def _show(self, advice: AdviceRow) -> None:
        if self._prompt.advice(advice.text, advice.author, keys=self._keys) and self._has_reader:
            self._outbox.advice(self._clock.wall(), replace(advice, state="shown"))
            self.on_shown(advice.advice_id)
