"""Ways to hide a resident ID or a Social Security number in a file: what is found, and what is out of reach.

`OUT_OF_REACH` is the list of docs/threat-model.md, by the same words.
"""

from __future__ import annotations

import base64
import codecs
import gzip
import html
import json
import zlib
from collections.abc import Iterator, Mapping

ID = "440308199901101512"
SSN = "536904399"
"""Of nobody: a region and a date with an unassigned serial, and the number of python-stdnum's own example."""


def _base64(text: str, codec: str = "utf-8") -> str:
    return base64.b64encode(text.encode(codec)).decode()


def _each(form: str) -> str:
    return "".join(form.format(ord(each)) for each in ID)


def _digits(row: str) -> str:
    return "".join(row[int(each)] for each in ID)


def _jwt(payload: str) -> str:
    parts = ('{"alg":"none"}', payload, "signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


VALUES: Mapping[str, str] = {
    "base64": _base64(ID),
    "base64 twice": _base64(_base64(ID)),
    "base32": base64.b32encode(ID.encode()).decode(),
    "hex": ID.encode().hex(),
    "hex with 0x": "0x" + ID.encode().hex(),
    "hex in pairs": ID.encode().hex(" "),
    "hex with colons": ID.encode().hex(":"),
    "base64 of hex": _base64(ID.encode().hex()),
    "percent": _each("%{:02x}"),
    "percent twice": _each("%25{:02x}"),
    "percent u": _each("%u{:04x}"),
    "quoted-printable": _each("={:02X}"),
    "MIME word": f"=?utf-8?Q?{_each('={:02X}')}?=",
    "HTML decimal": _each("&#{};"),
    "HTML hexadecimal": _each("&#x{:x};"),
    "HTML without semicolons": _each("&#{}"),
    "HTML twice": html.escape(_each("&#{};")),
    "escapes of JSON": _each("\\u{:04x}"),
    "escapes in braces": _each("\\u{{{:x}}}"),
    "escapes of Perl": _each("\\x{{{:x}}}"),
    "escapes of eight": _each("\\U{:08x}"),
    "surrogate pairs": "".join(
        f"\\ud835\\udf{0xCE + int(each):02x}" if 0xCE + int(each) < 0x100 else each for each in ID
    ),
    "octal escapes": _each("\\{:03o}"),
    "short octal escapes": _each("\\{:o}"),
    "gzip in base64": base64.b64encode(gzip.compress(ID.encode(), mtime=0)).decode(),
    "zlib in base64": base64.b64encode(zlib.compress(ID.encode())).decode(),
    "gzip in base64 twice": _base64(base64.b64encode(gzip.compress(ID.encode(), mtime=0)).decode()),
    "UTF-16 in base64": _base64(ID, "utf-16-le"),
    "UTF-16 with a mark in base64": _base64(ID, "utf-16"),
    "UTF-16 the other way in base64": _base64(ID, "utf-16-be"),
    "UTF-7": f"+{_base64(ID, 'utf-16-be').rstrip('=')}-",
    "JWT": _jwt(json.dumps({"sub": ID})),
    "JWT with a name": _jwt(json.dumps({"ssn": SSN})),
    "basic authorisation": f"Basic {_base64(f'{ID}:pw')}",
    "full width": "".join(chr(ord(each) + 0xFEE0) for each in ID),
    "mathematical digits": "".join(chr(0x1D7CE + int(each)) for each in ID),
    "Arabic digits": "".join(chr(0x660 + int(each)) for each in ID),
    "circled digits": _digits("⓪①②③④⑤⑥⑦⑧⑨"),
    "Chinese numerals": _digits("〇一二三四五六七八九"),
    "Chinese financial numerals": _digits("零壹贰叁肆伍陆柒捌玖"),
    "keycaps": "".join(f"{each}\ufe0f\u20e3" for each in ID),
    "zero width": "\u200b".join(ID),
    "soft hyphens": "\u00ad".join(ID),
    "tag characters": "\U000e0041".join(ID),
    "combining accents": "\u0301".join(ID),
    "right to left": f"\u202e{ID[::-1]}\u202c",
    "isolates": f"\u2066{ID}\u2069",
    "commas": ",".join(ID),
    "commas and spaces": ", ".join(ID),
    "bars": "|".join(ID),
    "tabs": "\t".join(ID),
    "brackets": "".join(f"[{each}]" for each in ID),
    "bold digits": "".join(f"<b>{each}</b>" for each in ID),
    "a comment of HTML inside": f"{ID[:9]}<!-- -->{ID[9:]}",
    "bold in Markdown": f"{ID[:6]}**{ID[6:14]}**{ID[14:]}",
    "a template inside": '{{ "' + ID[:9] + '" }}' + ID[9:],
    "user of a URL": f"https://{ID}@corp.io/",
    "path of a URL": f"https://corp.io/u/{ID}/p",
    "fragment of a URL": f"https://corp.io/#{ID}",
    "query of a URL": f"https://corp.io/?ssn={SSN}&b=1",
    "data URI": f"data:text/plain;base64,{_base64(ID)}",
    "percent data URI": f"data:text/plain,{_each('%{:02x}')}",
    "picture of text in a data URI": f"data:image/svg+xml;base64,{_base64(f'<svg><text>{ID}</text></svg>')}",
    "JSON in base64": _base64(json.dumps({"user": {"ssn": SSN}})),
    "JSON in JSON": json.dumps({"a": json.dumps({"ssn": SSN})}),
    "YAML in base64": _base64(f"user:\n  ssn: {SSN}\n"),
    "CSV in base64": _base64(f"name,ssn\nanna,{SSN}\n"),
    "CSV in a text": f"name,ssn\nanna,{SSN}\n",
    "XML in base64": _base64(f"<u><ssn>{SSN}</ssn></u>"),
    "rot13 of a name": codecs.encode("abgr ", "rot13") + ID,
}
"""By what it is: the value of a key of a ConfigMap."""

FILES: Mapping[str, tuple[str, str]] = {
    "anchor": ("a.yaml", f'x: &a "{SSN}"\nssn: *a\n'),
    "merge": ("a.yaml", f'x: &a {{ssn: "{SSN}"}}\ny:\n  <<: *a\n'),
    "second document": ("a.yaml", f'a: b\n---\nc: "{ID}"\n'),
    "behind the end": ("a.yaml", f"a: b\n...\n# {ID}\n"),
    "key": ("a.yaml", f'data:\n  "{ID}": x\n'),
    "label": ("a.yaml", f'metadata:\n  labels:\n    id: "{ID}"\n'),
    "comment": ("a.yaml", f"a: b # {ID}\n"),
    "tag": ("a.yaml", f"a: !<tag:{ID}> b\n"),
    "name of an anchor": ("a.yaml", f"a: &i{ID} b\n"),
    "folded": ("a.yaml", f"a: >-\n  {ID[:6]}\n  {ID[6:]}\n"),
    "quoted and folded": ("a.yaml", f'a: "{ID[:6]}\\\n  {ID[6:]}"\n'),
    "exponent": ("a.yaml", "id: 4.40308199901101512e17\n"),
    "underscores": ("a.yaml", "id: 440_308_199_901_101_512\n"),
    "hexadecimal integer": ("a.yaml", f"id: {hex(int(ID))}\n"),
    "octal integer": ("a.yaml", f"id: {oct(int(ID))}\n"),
    "binary integer": ("a.yaml", f"id: {bin(int(ID))}\n"),
    "list of digits": ("a.yaml", f"id: [{', '.join(ID)}]\n"),
    "list of texts": ("a.json", json.dumps({"id": [ID[:6], ID[6:14], ID[14:]]})),
    "list in a block": ("a.yaml", "id:\n" + "".join(f"- {each}\n" for each in ID)),
    "list under its name": ("a.yaml", "ssn: [536, 90, 4399]\n"),
    "sum of strings": ("a.py", f'i = "{ID[:9]}" + "{ID[9:]}"\n'),
    "sum over lines": ("a.js", f"const i = '{ID[:9]}' +\n  '{ID[9:]}';\n"),
    "dot of PHP": ("a.php", f"$i = '{ID[:9]}' . '{ID[9:]}';\n"),
    "quotes of a shell": ("a.sh", f"I='{ID[:9]}'\"{ID[9:]}\"\n"),
    "empty quotes of a shell": ("a.sh", f"I={ID[:9]}''{ID[9:]}\n"),
    "backslash of a shell": ("a.sh", f"I={ID[:9]}\\\n{ID[9:]}\n"),
    "soft line end": ("a.eml", f"{ID[:9]}=\n{ID[9:]}\n"),
    "join of Terraform": ("a.tf", f'x = join("", ["{ID[:9]}", "{ID[9:]}"])\n'),
}
"""By what it is: a file's name and text."""

OUT_OF_REACH: Mapping[str, tuple[tuple[str, str], ...]] = {
    "letters that look like digits": (
        ("a.yaml", f"a: {ID.replace('0', 'O')}\n"),
        ("a.yaml", f"a: {ID.replace('1', 'l')}\n"),
    ),
    "digits in words, codes of characters, Morse": (
        (
            "a.yaml",
            "a: four four zero three zero eight one nine nine nine zero one one zero one five one two\n",
        ),
        ("a.yaml", f"a: {' '.join(str(ord(each)) for each in ID)}\n"),
        ("a.py", "a = chr(52) + chr(52) + chr(48)\n"),
    ),
    "values written backwards": (("a.yaml", f'a: "{ID[::-1]}"\n'), ("a.yaml", f"a: {_base64(ID)[::-1]}\n")),
    "values split over several keys, variables, lines or arguments": (
        ("a.yaml", f'a: "{ID[:9]}"\nb: "{ID[9:]}"\n'),
        ("a.yaml", "ssn: {area: 536, group: 90, serial: 4399}\n"),
        ("a.yaml", f"a: |\n  {ID[:6]}\n  {ID[6:]}\n"),
        (
            "a.sh",
            f"printf '%s%s' {ID[:9]} {ID[9:]}\n".replace("' ", "'\t").replace(f"{ID[:9]} ", f"{ID[:9]},"),
        ),
        ("a.py", f'"".join(["{ID[:9]}", "{ID[9:]}"])\n'),
        ("a.py", f'a = "{{}}{{}}".format("{ID[:9]}", "{ID[9:]}")\n'),
    ),
    "base85, uuencode, base32 in small letters and ciphers": (
        ("a.yaml", f"a: {json.dumps(base64.b85encode(ID.encode()).decode())}\n"),
        ("a.yaml", f"a: {base64.b32encode(ID.encode()).decode().lower().rstrip('=')}\n"),
        ("a.yaml", f"a: {json.dumps(''.join(chr(33 + (ord(each) - 33 + 47) % 94) for each in ID))}\n"),
    ),
    "base64 in short pieces, and base64 of pictures, certificates or archives": (
        ("a.yaml", f"a: {' '.join(_base64(ID)[at : at + 4] for at in range(0, 24, 4))}\n"),
        ("a.yaml", f"a: {base64.b64encode(bytes((0, 1, 2)) + ID.encode() + bytes((0, 255))).decode()}\n"),
    ),
    "numbers in another base that are texts": (("a.yaml", f'a: "{hex(int(ID))}"\n'),),
}
"""By the words of the threat model: why it is in vain to look is said there."""


def found_cases() -> Iterator[tuple[str, str, str]]:
    """What it is, a file's name and its text."""
    for name, value in VALUES.items():
        quoted = json.dumps(value, ensure_ascii=False)
        yield name, "a.yaml", f"kind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  customer: {quoted}\n"
    for name, (path, text) in FILES.items():
        yield name, path, text
