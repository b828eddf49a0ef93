"""What a failure to connect means, and whether waiting can help.

gRPC tells it in the text of the status alone. The texts are tested with the oldest and the newest
gRPC that this package takes.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass

from edunn_client._addresses import Target

# What gRPC says where a call has found no connection, and so has not left this process.
_NOT_SENT = ("failed to connect to all addresses", "connections to all backends failing")
_UNKNOWN_HOST = re.compile("errors? resolving|DNS resolution failed|Name resolution failed", re.I)
_OTHER_PROTOCOL = re.compile(r"Expected SETTINGS frame|Failed parsing HTTP/2|http1\.x server")
_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class ConnectionFault:
    """Why there is no connection, in a sentence."""

    sentence: str
    is_final: bool
    """Whether only the caller can mend it, so that waiting does not help."""


def connection_fault(details: str, target: Target, encrypted: bool) -> ConnectionFault | None:
    """Return what the text of an UNAVAILABLE says of the connection; None if it had one.

    Parameters
    ----------
    details : str
        The text of the status.
    target : Target
        The servers.
    encrypted : bool
        Whether the client speaks TLS.
    """
    if _UNKNOWN_HOST.search(details):
        return ConnectionFault(f"the host of {target} is not known: check the address", True)
    if not details.startswith(_NOT_SENT):
        return None
    mistake = _mistake(details, target, encrypted)
    if mistake is not None:
        return ConnectionFault(mistake, True)
    proxy = target.proxy
    if proxy is not None:
        return ConnectionFault(
            f"the proxy {proxy} gives no connection to {target}: {_last_error(details)}; "
            "name the host in no_proxy to go without it",
            True,
        )
    return ConnectionFault(f"no connection to {target}: {_last_error(details)}", False)


def _mistake(details: str, target: Target, encrypted: bool) -> str | None:
    """Return what only the caller can mend: TLS that does not fit, or another service's port."""
    if "WRONG_VERSION_NUMBER" in details or "HTTP_REQUEST" in details:
        return f"{target} speaks no TLS: leave tls out"
    if re.search("certificate has expired|certificate is not yet valid", details):
        return f"the certificate of {target} is out of date"
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return (
            f"the certificate of {target} is of no authority that is trusted here: "
            "give tls=TLS(ca=...) with the file of its authority"
        )
    if re.search("Hostname Verification|Peer name|HOSTNAME_MISMATCH", details):
        return f"the certificate of {target} is for another name: connect by the name that it has"
    other = _OTHER_PROTOCOL.search(details)
    if other or re.search("Socket closed|SETTINGS|Connection reset", details):
        # A TLS server that is spoken to in plaintext does no more than close the connection.
        mistake = _ask_for_tls(target, encrypted)
        if mistake is None and other:
            return f"{target} answers, but not in gRPC (HTTP/2): is it another port?"
        return mistake
    if "missing selected ALPN" in details:
        return f"{target} speaks TLS, but not gRPC (HTTP/2): is it another port?"
    return None


def _ask_for_tls(target: Target, encrypted: bool) -> str | None:
    """Return what is wrong, seen by how the server takes a TLS handshake; None if nothing is."""
    host, _, port = target.addresses[0].rpartition(":")
    if not port.isdigit() or target.proxy is not None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing secret is sent: only whether it answers in TLS is looked at.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), _PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.strip("[]")) as secured,
        ):
            if not encrypted:
                return f"{target} speaks TLS: give tls=True, or tls=TLS(ca=...)"
            if secured.recv(1):
                return None
    except ssl.SSLError as error:
        if "CERTIFICATE" not in str(error):
            return None
    except OSError:
        return None
    return (
        f"{target} ends the connection after the TLS handshake, as one does that asks for a "
        "certificate of the client: give tls=TLS(ca=..., certificate=..., key=...)"
    )


def _last_error(details: str) -> str:
    """Return the end of gRPC's text, which is about the last server that it tried."""
    text = details.rpartition("last error: ")[2]
    text = re.sub(r"^[A-Z_]+: ", "", text)
    text = re.sub(r"^(ipv[46]|unix):\S+: ", "", text)
    return text.removeprefix("Failed to connect to remote host: ")
