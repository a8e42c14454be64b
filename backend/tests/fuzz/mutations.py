"""Damage files: bytes, numbers, tags, JSON, the streams and objects of a PDF, zips."""

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]

_NUMBER = re.compile(rb"-?\d[\d.,]*")
_TAG = re.compile(rb"</?[A-Za-z][\w.:-]*")
# Not in the middle of a name: a picture in a document would be tried from each of its letters.
_ATTRIBUTE = re.compile(rb"""(?<![\w.:-])[\w.:-]+\s*=\s*"[^"]*\"""")
_STREAM = re.compile(rb"(<<(?:(?!>>\s*stream).)*?)>>\s*stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PDF_NAME = re.compile(rb"/[A-Z][A-Za-z]+")
_SHOWN = re.compile(rb"\((?:[^()\\]|\\.)*\)")
ODD = (
    *(b"NaN", b"Infinity", b"1e400", b"-0", b"9" * 60, b"0." + b"0" * 60 + b"1", b"1e-400", b""),
    *(
        b"\x00",
        b"\xff\xfe",
        "٣".encode(),
        "\U0001d7cf".encode(),
        b"&#0;",
        b"&xxe;",
        b"--",
        b"()",
        b"null",
    ),
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    *(b"0001-01-01", b"9999-12-31", b"2022-02-30", b"-1", b"2147483648", b"<a>" * 300),
)
_JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1.5, "", "NaN", "1e400", "2022-13-45", "\ud800", [], {}, [[]]),
    *({"v": 1}, "9" * 5000, ["x"] * 50, "0001-01-01", "9999-12-31T24:00:00", {"concept": 1}),
)


def flip_bytes(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Change up to eight bytes."""
    changed = bytearray(data)
    for _time in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def cut(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Remove the end, the beginning, or a part."""
    if len(data) < 2:
        return b""
    start = random.randrange(len(data))
    if random.random() < 0.4:
        return data[:start]
    return data[:start] + data[start + random.randint(1, max(1, len(data) // 8)) :]


def splice(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Insert a part of this or of another file, or something odd."""
    at = random.randrange(len(data) + 1)
    source = random.choice([data, *others])
    start = random.randrange(len(source) + 1)
    part = source[start : start + random.randint(1, 4000)]
    part = random.choice([part, part, random.choice(ODD)])
    replaced = random.choice([0, len(part)])
    return data[:at] + part + data[at + replaced :]


def change_numbers(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Change one to three numbers of a text."""
    for _time in range(random.randint(1, 3)):
        data = _replace(_NUMBER, data, random, lambda found: changed_number(found, random))
    return data


def changed_number(number: bytes, random: Random) -> bytes:
    """Return a number with another digit, sign, length or form."""
    digits = [index for index, byte in enumerate(number) if 48 <= byte <= 57]
    kind = random.randrange(8)
    if kind < 4 and digits:
        at = random.choice(digits)
        return number[:at] + str(random.randrange(10)).encode() + number[at + 1 :]
    if kind == 4:
        return number[1:] if number.startswith(b"-") else b"-" + number
    if kind == 5:
        return number + b"000"
    return number[:-1] if kind == 6 else random.choice(ODD)


def change_tags(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Exchange, double or drop tags and attributes of markup."""
    for _time in range(random.randint(1, 3)):
        pattern = random.choice([_TAG, _ATTRIBUTE])
        found = _sample(pattern, data, random)
        other = _sample(pattern, data, random)
        if found is None or other is None:
            return data
        new = random.choice([other[0], b"", found[0] * 2, found[0][:-1]])
        data = data[: found.start()] + new + data[found.end() :]
    return data


def change_json(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Replace, drop or double nodes of a JSON document."""
    try:
        document = json.loads(data)
    except ValueError:
        return flip_bytes(data, random, ())
    for _time in range(random.randint(1, 3)):
        _change_node(document, random)
    return json.dumps(document).encode()


def _change_node(document: Any, random: Random) -> None:
    parent: Any = None
    key: Any = None
    node = document
    while isinstance(node, dict | list) and node and (parent is None or random.random() < 0.85):
        parent = node
        key = random.choice(list(node)) if isinstance(node, dict) else random.randrange(len(node))
        node = node[key]
    if parent is None:
        return
    kind = random.randrange(5)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(node, int | float) and not isinstance(node, bool):
        parent[key] = node * random.choice([-1, 1000, 10, 1]) + random.choice([0, 1, 10])
    elif kind == 2 and isinstance(node, str):
        parent[key] = change_numbers(node.encode(errors="replace"), random, ()).decode(
            errors="replace"
        )
    elif kind == 3 and isinstance(parent, list):
        parent.insert(random.randrange(len(parent) + 1), deepcopy(node))
    else:
        parent[key] = deepcopy(random.choice(_JUNK))


def change_pdf_stream(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Change the content of a stream of a PDF: figures, operators, positions, text."""
    found = _sample(_STREAM, data, random)
    if found is None:
        return flip_bytes(data, random, ())
    head, body = found[1], found[2]
    packed = b"FlateDecode" in head
    ascii85 = b"ASCII85Decode" in head
    content = _unpacked(body, packed=packed, ascii85=ascii85)
    if content is None:
        return flip_bytes(data, random, ())
    mutation = random.choice(
        [_change_shown, _change_shown, change_numbers, cut, splice, flip_bytes]
    )
    content = mutation(content, random, others)
    head = re.sub(rb"/Filter\s*(?:\[[^\]]*\]|/\w+)", b"", head)
    head = re.sub(rb"/Length\s+\d+(?:\s+\d+\s+R)?", b"/Length %d" % len(content), head)
    new = head + b">>\nstream\n" + content + b"\nendstream"
    return data[: found.start()] + new + data[found.end() :]


def _change_shown(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Change a figure that a page shows."""

    def changed(shown: bytes) -> bytes:
        inner = shown[1:-1]
        if not _NUMBER.search(inner):
            return shown
        return b"(" + _replace(_NUMBER, inner, random, lambda n: changed_number(n, random)) + b")"

    figures = [found for found in _SHOWN.finditer(content) if _NUMBER.search(found[0])]
    if not figures:
        return change_numbers(content, random, ())
    found = random.choice(figures)
    return content[: found.start()] + changed(found[0]) + content[found.end() :]


def _unpacked(body: bytes, *, packed: bool, ascii85: bool) -> bytes | None:
    try:
        if ascii85:
            body = base64.a85decode(b"<~" + body.strip().removesuffix(b"~>") + b"~>", adobe=True)
        return zlib.decompress(body) if packed else body
    except (ValueError, zlib.error):
        return None


def change_pdf_objects(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Change names, references and numbers of a PDF's objects, outside its streams."""
    kind = random.randrange(4)
    if kind == 0:
        return _replace(_PDF_NAME, data, random, lambda _: _some(_PDF_NAME, data, random))
    if kind == 1:
        return _replace(
            re.compile(rb"\d+ 0 R"), data, random, lambda _: b"%d 0 R" % random.randint(0, 60)
        )
    if kind == 2:
        box = re.compile(rb"/(?:MediaBox|Rotate|Count|Length|Size)[^/>]*")
        odd = [b"/Rotate 90", b"/MediaBox [0 0 1e9 1e9]", b"/MediaBox []", b"/Count 100000000"]
        return _replace(box, data, random, lambda _: random.choice(odd))
    return _replace(_NUMBER, data, random, lambda number: changed_number(number, random))


def change_zip(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Change names or contents of a zip's members, or its directory."""
    if random.random() < 0.3:
        return random.choice([flip_bytes, cut, splice])(data, random, others)
    files = unzipped(data)
    if not files:
        return flip_bytes(data, random, ())
    name = random.choice(sorted(files))
    kind = random.randrange(4)
    if kind == 0:
        content = files.pop(name)
        odd = [
            "../" + name,
            "/" + name,
            name + "/",
            "a" * 300,
            "META-INF/" + name,
            "x.zip",
            "\\..\\x",
        ]
        files[random.choice(odd)] = content
    elif kind == 1:
        del files[name]
    elif kind == 2:
        files[name] = random.choice([*files.values(), b"", data])
    else:
        files[name] = change_xml(files[name], random, others)
    return zipped(files)


def change_member(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Change one file of a folder that is packed in a sound zip."""
    files = unzipped(data)
    if not files:
        return data
    name = random.choice(sorted(files))
    if random.random() < 0.05:
        del files[name]
    else:
        files[name] = change_xml(files[name], random, others)
    return zipped(files)


def change_xml(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Change numbers, tags or bytes of markup."""
    chosen = random.choice([change_numbers, change_numbers, change_tags, flip_bytes, cut, splice])
    return chosen(data, random, others)


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip, none where it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    except Exception:  # noqa: BLE001 zipfile raises nearly anything for a damaged zip
        return {}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of files, packed lightly: most of the time goes into reading."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _sample(pattern: re.Pattern[bytes], data: bytes, random: Random) -> re.Match[bytes] | None:
    """Return a match near a random place; the first one where there is none after it."""
    return pattern.search(data, random.randrange(len(data) + 1)) or pattern.search(data)


def _some(pattern: re.Pattern[bytes], data: bytes, random: Random) -> bytes:
    found = _sample(pattern, data, random)
    return found[0] if found else b""


def _replace(
    pattern: re.Pattern[bytes], data: bytes, random: Random, new: Callable[[bytes], bytes]
) -> bytes:
    found = _sample(pattern, data, random)
    if found is None:
        return data
    return data[: found.start()] + new(found[0]) + data[found.end() :]


MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "pdf": (
        *(change_pdf_stream, change_pdf_stream, change_pdf_stream, change_pdf_objects),
        *(flip_bytes, cut, splice),
    ),
    "ixbrl": (change_numbers, change_numbers, change_tags, change_tags, flip_bytes, cut, splice),
    "package": (change_zip,),
    "xbrl": (change_member,),
    "xbrl_json": (change_json, change_json, change_json, change_numbers, flip_bytes, cut, splice),
    "companyfacts": (change_json, change_json, change_json, change_numbers, flip_bytes, cut),
    "any": (flip_bytes, cut, splice),
}
