"""Bounds the connections: their number, and the bytes that arrive over them.

gRPC holds what a connection sends until a message is complete. It neither bounds the sum of these
bytes nor tells of them. Here they are the bytes that the system has received over a connection,
minus those of the messages that were handed over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from edunn_serving.settings import Settings
from server.shut_out import ShutOut
from server.sockets import ClientSocket, ClientSockets, Traffic, address_of, traffic_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
# Looking takes at most this share of the event loop's time.
LOOK_SHARE = 0.02
# A call's headers take at most about this much, and the frames of a message this much besides its
# own bytes.
HEADERS_BYTES = 8 * 1024
FRAMING_BYTES = 64
FRAMING_SHARE = 0.02
# A client sends this share of what it takes, and this many bytes a second, in frames that belong to
# no message: it acknowledges and pings.
ACKNOWLEDGED_SHARE = 0.01
CONTROL_BYTES = 1024
# A connection is cut if it has cancelled this many more calls than it has let end.
MAX_CANCELLED = 200
# The calls of a connection are small while no more than this of incomplete messages has arrived for
# each.
SMALL_BYTES = 256 * 1024
# gRPC has this much of a call that is not read.
UNREAD_BYTES = 64 * 1024
# gRPC may hand over calls of a connection for this long after it has ended.
GONE_SECONDS = 5.0

NOTHING = Traffic()


class Trust(IntEnum):
    """What is known of a connection. The least known connections are cut first."""

    # It has not made a call that was accepted.
    UNKNOWN = 0
    # It has made a call that anybody may make.
    CALLING = 1
    # It has made a call of a known caller.
    KNOWN = 2


@dataclass(slots=True, eq=False)
class Connection:
    """A client's connection."""

    address: str
    # By the monotonic clock.
    began: float
    client: ClientSocket | None = None
    trust: Trust = Trust.UNKNOWN
    # Bytes of messages that were handed over since the last look, and their framing at most.
    delivered: float = 0.0
    # Bytes that have arrived and belong to no complete message, and since when there are any.
    arriving: float = 0.0
    arriving_since: float = 0.0
    traffic: Traffic = NOTHING
    last_look: float = 0.0
    # Whether it is about to be cut, and whether it is cut.
    is_doomed: bool = False
    is_cut: bool = False
    # When its socket was found to be gone, by the monotonic clock.
    gone_at: float | None = None
    # Calls that the other side has cancelled, minus those that ended otherwise.
    cancelled: int = 0
    # The calls that are under way.
    calls: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended. A new connection may have the same peer."""
        return self.is_cut or self.gone_at is not None

    def is_of(self, client: ClientSocket) -> bool:
        """Tell whether a socket of its peer may be its own: it is, or its own is not known."""
        return self.client is None or self.client.inode == client.inode

    def has_small_calls(self) -> bool:
        """Tell whether little has arrived of the calls whose requests are incomplete."""
        return self.arriving <= SMALL_BYTES * self.calls

    def note_cancelled(self) -> bool:
        """Note a cancelled call; False if there are too many, as in a flood of them."""
        self.cancelled += 1
        return self.cancelled <= MAX_CANCELLED

    def note_ended(self) -> None:
        """Note a call that was not cancelled."""
        if self.cancelled:
            self.cancelled -= 1

    def note_call(self, trust: Trust) -> None:
        """Note a call whose headers have come. It need not be accepted."""
        self.delivered += HEADERS_BYTES
        if trust > self.trust:
            self.trust = trust

    def note_delivered(self, size: int) -> None:
        """Note a complete message that was handed over."""
        self.delivered += size * (1 + FRAMING_SHARE) + FRAMING_BYTES

    def note_traffic(self, traffic: Traffic, now: float) -> None:
        """Note what the connection has carried since it began."""
        if self.delivered or not self.arriving:
            self.arriving_since = now
        came = traffic.received - self.traffic.received
        acknowledgements = ACKNOWLEDGED_SHARE * (traffic.taken - self.traffic.taken)
        control = acknowledgements + CONTROL_BYTES * (now - self.last_look)
        # Never below 0: messages of the past are no credit for the future.
        self.arriving = max(0.0, self.arriving + came - self.delivered - control)
        self.delivered = 0.0
        self.traffic = traffic
        self.last_look = now


class Connections:
    """All connections of a server's clients."""

    def __init__(self, settings: Settings, on_cut: Callable[[str, str], None]) -> None:
        self._settings = settings
        # Called with the address and the reason of each connection that is cut.
        self._on_cut = on_cut
        # Known once the server listens.
        self._sockets: ClientSockets | None = None
        self._shut_out = ShutOut((), 0.0)
        self._connections: dict[str, Connection] = {}
        # Set for a moment after each look.
        self._looked = asyncio.Event()
        # The bytes of incomplete messages at the last look, of each address.
        self.arriving: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._standing())

    def of(self, peer: str) -> Connection:
        """Return the connection of a call."""
        connection = self._connections.get(peer)
        if connection is None:
            # The next look finds its socket.
            now = time.monotonic()
            connection = Connection(address_of(peer), now, last_look=now)
            self._connections[peer] = connection
        return connection

    async def of_newcomer(self, peer: str) -> Connection:
        """Return the connection of a call whose peer's last known connection is over.

        Only the next look tells whether a new connection has the peer. If none has, the connection
        is over still, and gRPC has handed the call over late.
        """
        await self._looked.wait()
        return self.of(peer)

    def cut(self, peer: str, why: str) -> None:
        """End a connection."""
        connection = self._connections.get(peer)
        # Each of its calls may ask for it, and to find a socket takes long.
        if connection is None or connection.is_over:
            return
        if connection.client is None and self._sockets is not None:
            connection.client = self._sockets.find().get(peer)
        if connection.client is None:
            # Its socket is gone, as with a client that sends calls and leaves.
            connection.gone_at = time.monotonic()
        self._cut([connection], why)

    def cut_flood(self, peer: str, why: str) -> None:
        """End a connection that floods the server, and shut out its address for a while.

        Its other connections that have not made an accepted call end too.
        """
        address = self.of(peer).address
        self.cut(peer, why)
        self._shut_out.add(address, time.monotonic())
        unknown = [
            each
            for each in self._standing()
            if each.address == address and each.trust is Trust.UNKNOWN
        ]
        self._cut(unknown, why)

    async def watch(self, port: int) -> None:
        """Keep the connections within their bounds until cancelled."""
        self._sockets = ClientSockets(port)
        self._shut_out = ShutOut(self._sockets.listeners(), self._settings.shut_out_seconds)
        while True:
            began = time.monotonic()
            self._look(self._sockets, began)
            self._looked.set()
            self._looked.clear()
            took = time.monotonic() - began
            await asyncio.sleep(max(LOOK_SECONDS, took / LOOK_SHARE))

    def _look(self, sockets: ClientSockets, now: float) -> None:
        self._shut_out.look(now)
        self._update(sockets.find(), now)
        self._cut(self._silent(now), "it has made no call")
        self._cut(self._beyond_numbers(), "there are too many connections")
        self._cut(self._beyond_bytes(now), "too many bytes of its calls are incomplete")

    def _update(self, sockets: dict[str, ClientSocket], now: float) -> None:
        for peer, client in sockets.items():
            self._note_standing(peer, client)
        arriving: dict[str, float] = defaultdict(float)
        for peer, connection in list(self._connections.items()):
            socket = sockets.get(peer)
            traffic = traffic_of(socket) if socket is not None else None
            if traffic is None:
                self._note_gone(peer, connection, now)
                continue
            connection.note_traffic(traffic, now)
            arriving[connection.address] += connection.arriving
        self.arriving = arriving

    def _note_standing(self, peer: str, client: ClientSocket) -> None:
        """Note the socket of a connection. Its peer may have had another connection before."""
        before = self.of(peer)
        is_another = not before.is_of(client) or (before.client is None and before.is_over)
        if is_another:
            del self._connections[peer]
            # If the end of the one before was not seen, it seemed to make the new one's calls.
            self.of(peer).trust = Trust.UNKNOWN if before.is_over else before.trust
        connection = self.of(peer)
        connection.client = client
        connection.gone_at = None

    def _note_gone(self, peer: str, connection: Connection, now: float) -> None:
        """Note that a connection's socket is gone. Its calls that gRPC still has are worth nothing.

        If it were forgotten at once, they would seem to be calls of a new connection.
        """
        if connection.gone_at is None:
            connection.gone_at = now
            connection.arriving = 0.0
        elif now - connection.gone_at > GONE_SECONDS:
            del self._connections[peer]

    def _silent(self, now: float) -> list[Connection]:
        oldest = now - self._settings.first_call_seconds
        return [
            each for each in self._standing() if each.trust is Trust.UNKNOWN and each.began < oldest
        ]

    def _beyond_numbers(self) -> list[Connection]:
        """Return the connections beyond the bounds: the least known ones, then the oldest."""
        standing = self._standing()
        of_address: dict[str, list[Connection]] = defaultdict(list)
        for each in standing:
            of_address[each.address].append(each)
        most = self._settings.max_address_connections
        beyond = [
            each
            for connections in of_address.values()
            if len(connections) > most
            for each in _least_known(connections)[: len(connections) - most]
        ]
        too_many = len(standing) - len(beyond) - self._settings.max_connections
        if too_many > 0:
            beyond_already = set(map(id, beyond))
            rest = [each for each in standing if id(each) not in beyond_already]
            # Those of the address with the most connections go first.
            rest.sort(key=lambda each: (each.trust, -len(of_address[each.address]), each.began))
            beyond += rest[:too_many]
        return beyond

    def _beyond_bytes(self, now: float) -> list[Connection]:
        """Return connections whose incomplete messages take too much memory, or too long."""
        late = now - self._settings.arrival_seconds
        beyond = [
            each
            for each in self._standing()
            if each.arriving > UNREAD_BYTES and each.arriving_since < late
        ]
        most = self._settings.max_arriving_bytes
        of_address = dict(self.arriving)
        total = sum(of_address.values())
        largest = sorted(self._standing(), key=lambda each: each.arriving)
        while largest and (total > most or max(of_address.values(), default=0) > most / 2):
            # The address with the most bytes pays first.
            worst = max(of_address, key=lambda address: of_address[address])
            chosen = next((each for each in reversed(largest) if each.address == worst), None)
            if chosen is None or not chosen.arriving:
                break
            largest.remove(chosen)
            beyond.append(chosen)
            total -= chosen.arriving
            of_address[worst] -= chosen.arriving
        return beyond

    def _standing(self) -> list[Connection]:
        """Return the connections whose sockets are there."""
        return [each for each in self._connections.values() if each.gone_at is None]

    def _cut(self, connections: Iterable[Connection], why: str) -> None:
        for connection in connections:
            if connection.client is not None and self._sockets is not None:
                self._sockets.cut(connection.client)
                # Its calls that come up later are not looked at any more.
                if not connection.is_cut:
                    connection.is_cut = True
                    self._on_cut(connection.address, why)


def _least_known(connections: Iterable[Connection]) -> list[Connection]:
    return sorted(connections, key=lambda each: (each.trust, each.began))
