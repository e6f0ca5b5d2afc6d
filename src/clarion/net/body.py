"""The body of an answer, as text: limited in size before and after unpacking, whatever its headers promise."""

import codecs
import re
import zlib

import aiohttp

_TEXT_CODECS = re.compile(r"(utf|iso|cp|koi8|gb|big5|euc|shift_jis|ascii|mac|tis|hz)[\w-]*")
"""Character sets that the web uses; Python knows others (idna, unicode_escape) that are slow or programs."""


class BadBody(Exception):
    """A complete answer whose body cannot be used; `str()` says why in one sentence."""


async def read_text(response: aiohttp.ClientResponse, *, largest: int) -> str:
    """The text, without NULs, which databases do not store. Raises BadBody, and what aiohttp raises."""
    unpack = _unpacker(response.headers.get("Content-Encoding", ""), largest)
    arrived = 0
    async for piece in response.content.iter_any():
        arrived += len(piece)
        unpack.feed(piece)
        if max(arrived, len(unpack.out)) > largest:
            raise BadBody(f"The answer is longer than {largest:,} bytes.")
    unpack.end()
    return _decoded(bytes(unpack.out), response.charset or "").replace("\0", "")


class _Plain:
    def __init__(self) -> None:
        self.out = bytearray()

    def feed(self, data: bytes) -> None:
        self.out += data

    def end(self) -> None:
        """It is as long as the answer said, or aiohttp has raised."""


class _Packed(_Plain):
    """gzip, of one or several members, or deflate with and without the frame that the standard asks for."""

    def __init__(self, encoding: str, largest: int) -> None:
        super().__init__()
        self._encoding, self._largest = encoding, largest
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def feed(self, data: bytes) -> None:
        if not self._begun and data and self._encoding == "deflate" and data[0] & 0x0F != zlib.DEFLATED:
            self._member = zlib.decompressobj(-zlib.MAX_WBITS)
        self._begun = self._begun or bool(data)
        try:
            while data and len(self.out) <= self._largest:
                self.out += self._member.decompress(data, self._largest + 1 - len(self.out))
                data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
                if self._member.eof and data:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)
        except zlib.error as problem:
            raise BadBody(
                f"The answer says it is packed as {self._encoding} and is not: {problem}."
            ) from None

    def end(self) -> None:
        if self._begun and not self._member.eof:
            raise BadBody(f"The answer is packed as {self._encoding} and ends too early.")


def _unpacker(encoding: str, largest: int) -> _Plain:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate" as known:
            return _Packed(known, largest)
    raise BadBody(f"The answer is packed as {encoding[:40]!r}, though no packing was asked for.")


def _decoded(body: bytes, charset: str) -> str:
    try:
        name = codecs.lookup(charset).name if charset.isascii() and charset.isprintable() else ""
    except LookupError:
        name = ""
    if not _TEXT_CODECS.fullmatch(name) or name == "utf-8":
        name = "utf-8-sig"  # a byte order mark is no part of the text
    return body.decode(name, errors="replace")
