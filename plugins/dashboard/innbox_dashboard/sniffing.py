"""What a file is, by its first bytes: what is claimed of it may be a lie."""

# What each type that may be shown in the page begins with: (offset, bytes).
SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    "image/webp": ((8, b"WEBP"),),
    "audio/ogg": ((0, b"OggS"),),
    "audio/mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "audio/mp4": ((4, b"ftyp"),),
    "audio/aac": ((0, b"\xff\xf1"), (0, b"\xff\xf9")),
    "audio/amr": ((0, b"#!AMR"),),
    "audio/wav": ((8, b"WAVE"),),
    "audio/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    "video/mp4": ((4, b"ftyp"),),
    "video/3gpp": ((4, b"ftyp"),),
    "video/quicktime": ((4, b"ftyp"),),
    "video/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    "application/pdf": ((0, b"%PDF-"),),
}
UNKNOWN = "application/octet-stream"

# Documents are what they say only as far as their container tells; they are downloads wherever they go.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = {
    f"{_OFFICE}wordprocessingml.document": _ZIP,
    f"{_OFFICE}spreadsheetml.sheet": _ZIP,
    f"{_OFFICE}presentationml.presentation": _ZIP,
    "application/msword": _OLE,
    "application/vnd.ms-excel": _OLE,
    "application/vnd.ms-powerpoint": _OLE,
}
_ALIASES = {"audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg"}


def shown_type(data: bytes, claimed: str) -> str | None:
    """Return the claimed type where a browser may show such a file in the page and its bytes agree; else None."""
    claimed = bare(claimed)
    return claimed if _agrees(data, SIGNATURES.get(claimed, ())) else None


def type_of(data: bytes, claimed: str) -> str:
    """Return what a file is: the claimed type where its bytes agree, else what they tell, else `UNKNOWN`.

    Where several types share a container (MP4, WebM), the first whose kind was claimed is taken.
    """
    claimed = bare(claimed)
    if shown_type(data, claimed):
        return claimed
    if claimed in _DOCUMENTS and data.startswith(_DOCUMENTS[claimed]):
        return claimed
    if claimed == "text/plain" and _is_text(data):
        return claimed
    found = [kind for kind, signatures in SIGNATURES.items() if _agrees(data, signatures)]
    same_kind = [kind for kind in found if kind.partition("/")[0] == claimed.partition("/")[0]]
    return (same_kind or found or [UNKNOWN])[0]


def bare(claimed: str) -> str:
    """Return a content type without its parameters, under its usual name."""
    kind = claimed.partition(";")[0].strip().lower()
    return _ALIASES.get(kind, kind)


def _agrees(data: bytes, signatures: tuple[tuple[int, bytes], ...]) -> bool:
    return any(data[offset : offset + len(signature)] == signature for offset, signature in signatures)


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
