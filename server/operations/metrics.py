"""The media engine's figures as Prometheus families, named and in units as its conventions want them.

A camera has about 45 series while it is known; they end 75 s after it left. `camera` is its id, which stays when
call signs are dealt anew: `watchroom_camera_info` joins the two. Counters go on over sessions and workers (ledger.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from server.media.figures import CameraFigures, EngineFigures, LayerFigures, WorkerFigures
from server.media.track import AUDIO

IN, OUT = "in", "out"

One = TypeVar("One")  # what a row is read from

_LAYER_COUNTERS: tuple[tuple[str, str, Callable[[LayerFigures], float]], ...] = (
    ("frames", "Pictures (or pieces of sound) received", lambda one: one.counts.frames),
    ("recovered_packets", "Packets that came late, or again when asked for", lambda one: one.counts.recovered),
    ("lost_packets", "Packets given up for lost", lambda one: one.counts.abandoned),
    ("nacks", "Packets asked of the camera again", lambda one: one.counts.nacks),
    ("plis", "Key frames asked of the camera", lambda one: one.counts.plis),
    ("freezes", "Gaps in the picture as received, as WebRTC defines freezes", lambda one: one.counts.freezes),
    ("frozen_seconds", "How long those gaps lasted together", lambda one: one.counts.frozen_s),
)
_LAYER_GAUGES: tuple[tuple[str, str, Callable[[LayerFigures], float]], ...] = (
    ("layer_flowing", "Whether a packet came within two seconds", lambda one: one.flowing),
    ("frames_per_second", "Pictures received in the last second", lambda one: one.frames_per_s),
    (
        "loss_ratio",
        "Share of packets lost in the last second; before repair where repairs come by RTX",
        lambda one: one.fraction_lost,
    ),
    ("jitter_seconds", "Interarrival jitter (RFC 3550)", lambda one: one.jitter_s),
    ("uplink_delay_seconds", "What stands in the camera's uplink queue", lambda one: one.delay_s),
)
_CAMERA_COUNTERS: tuple[tuple[str, str, Callable[[CameraFigures], float]], ...] = (
    ("viewer_plis", "Key frames that viewers asked for", lambda one: one.viewers.counts.plis),
    ("viewer_queue_overflows", "Viewers' queues thrown away", lambda one: one.viewers.counts.overflows),
)
_CAMERA_GAUGES: tuple[tuple[str, str, Callable[[CameraFigures], float | None]], ...] = (
    ("camera_connected", "Whether the camera has a session", lambda one: one.connected),
    ("uplink_bits_per_second", "What the camera was told that its uplink carries", lambda one: one.uplink_bps),
    ("viewers", "Viewers connected", lambda one: one.viewers.viewers),
    ("viewers_reduced", "Viewers who get less than they asked for", lambda one: one.viewers.reduced),
    ("viewer_loss_ratio", "Worst share of packets lost by a viewer", lambda one: one.viewers.fraction_lost),
    ("viewer_queue_packets", "Longest queue of a viewer", lambda one: one.viewers.queue_packets),
)
_WORKER_COUNTERS: tuple[tuple[str, str, Callable[[WorkerFigures], float]], ...] = (
    ("cpu_seconds", "Processor time, user and system", lambda one: one.cpu_s),
    ("restarts", "How often it died and was started again", lambda one: one.restarts),
)
_WORKER_GAUGES: tuple[tuple[str, str, Callable[[WorkerFigures], float | None]], ...] = (
    ("up", "Whether it lives", lambda one: one.alive),
    ("resident_bytes", "Resident memory", lambda one: one.rss_bytes),
    (
        "event_loop_lag_seconds",
        "Worst lag of its event loop that anything met in the last two seconds",
        lambda one: one.loop_lag_s,
    ),
    ("cameras", "Cameras connected to it", lambda one: one.cameras),
    ("viewers", "Viewers connected to it", lambda one: one.viewers),
    ("peers", "ICE user fragments that it answers", lambda one: one.peers),
    ("socket_buffer_bytes", "What the kernel keeps of its media socket, each way", lambda one: one.buffer_bytes),
    ("unwritten_bytes", "What waits for the disk, of its recordings", lambda one: one.unwritten_bytes),
    ("gso", "Whether the kernel takes several packets in one send", lambda one: one.gso),
)


def families(figures: EngineFigures, call_sign: Callable[[str], str]) -> Iterator[Metric]:
    """All of them."""
    info = GaugeMetricFamily("watchroom_camera_info", "A camera's call sign", labels=["camera", "call_sign"])
    for camera in figures.cameras:
        info.add_metric([camera.device_id, call_sign(camera.device_id)], 1)
    yield info
    yield from _traffic(figures.cameras)
    yield from _of_layers(figures.cameras)
    yield from _of_cameras(figures.cameras)
    yield from _of_workers(figures.workers)


def of_checks(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """What the server leans on (database, bus, media), as it answered when it was last asked: once a second."""
    up = GaugeMetricFamily("watchroom_check_up", "Whether what the server leans on answers", labels=["check"])
    took = GaugeMetricFamily(
        "watchroom_check_seconds",
        "How long that took; of the bus, a message's whole way through Redis and back",
        labels=["check"],
    )
    for name, answer in sorted(answers.items()):
        up.add_metric([name], answer["ok"])
        took.add_metric([name], answer["seconds"])
    yield from (up, took)


def _layer_label(layer: LayerFigures) -> str:
    return "sound" if layer.kind == AUDIO else layer.layer


def _traffic(cameras: Iterable[CameraFigures]) -> Iterator[Metric]:
    """By layer: what came in from the camera, and what went out to all its viewers together."""
    labels = ["camera", "layer", "direction"]
    packets = CounterMetricFamily("watchroom_media_packets", "RTP packets", labels=labels)
    size = CounterMetricFamily("watchroom_media_bytes", "Bytes of RTP packets", labels=labels)
    rate = GaugeMetricFamily("watchroom_media_bits_per_second", "Bit rate of the last second", labels=labels)
    trip = GaugeMetricFamily(
        "watchroom_media_round_trip_seconds",
        "To the camera (by its repairs), and to the farthest of its viewers",
        labels=["camera", "direction"],
    )
    for camera in cameras:
        name, viewers = camera.device_id, camera.viewers
        for layer in camera.layers:
            came, went = [name, _layer_label(layer), IN], [name, _layer_label(layer), OUT]
            packets.add_metric(came, layer.counts.packets)
            packets.add_metric(went, layer.counts.sent_packets)
            size.add_metric(came, layer.counts.bytes)
            size.add_metric(went, layer.counts.sent_bytes)
            rate.add_metric(came, layer.bits_per_s)
            rate.add_metric(went, layer.sent_bits_per_s)
        for direction, seconds in ((IN, camera.round_trip_s), (OUT, viewers.round_trip_s)):
            if seconds is not None:
                trip.add_metric([name, direction], seconds)
    yield from (packets, size, rate, trip)


def _of_layers(cameras: Iterable[CameraFigures]) -> Iterator[Metric]:
    labels = ("camera", "layer")
    layers = [((camera.device_id, _layer_label(layer)), layer) for camera in cameras for layer in camera.layers]
    yield from _told(CounterMetricFamily, "media", _LAYER_COUNTERS, labels, layers)
    yield from _told(GaugeMetricFamily, "media", _LAYER_GAUGES, labels, layers)


def _of_cameras(cameras: Iterable[CameraFigures]) -> Iterator[Metric]:
    rows = [((camera.device_id,), camera) for camera in cameras]
    yield from _told(CounterMetricFamily, "media", _CAMERA_COUNTERS, ("camera",), rows)
    yield from _told(GaugeMetricFamily, "media", _CAMERA_GAUGES, ("camera",), rows)
    repairs = CounterMetricFamily(
        "watchroom_media_repairs", "Packets that viewers asked for again", labels=["camera", "result"]
    )
    for (device_id,), camera in rows:
        repairs.add_metric([device_id, "sent"], camera.viewers.counts.repairs_sent)
        repairs.add_metric([device_id, "failed"], camera.viewers.counts.repairs_failed)
    yield repairs


def _of_workers(workers: Iterable[WorkerFigures]) -> Iterator[Metric]:
    rows = [((worker.name,), worker) for worker in workers]
    yield from _told(CounterMetricFamily, "worker", _WORKER_COUNTERS, ("worker",), rows)
    yield from _told(GaugeMetricFamily, "worker", _WORKER_GAUGES, ("worker",), rows)
    drops = CounterMetricFamily(
        "watchroom_worker_drops", "Datagrams dropped, and sends that failed, by kind", labels=["worker", "kind"]
    )
    for (name,), worker in rows:
        for kind, number in sorted(worker.counts.items()):
            drops.add_metric([name, kind], number)
    yield drops


def _told(
    family: type[CounterMetricFamily] | type[GaugeMetricFamily],
    part: str,
    figures: Iterable[tuple[str, str, Callable[[One], float | None]]],
    labels: Sequence[str],
    rows: Sequence[tuple[Sequence[str], One]],
) -> Iterator[Metric]:
    """Each figure (name, words, how it is read) of all rows (labels' values, what is read); None is not told."""
    for name, words, read in figures:
        metric = family(f"watchroom_{part}_{name}", words, labels=labels)
        for where, one in rows:
            value = read(one)
            if value is not None:
                metric.add_metric(where, float(value))
        yield metric
