"""Texts made to slow a reader or a search for personal data down, each to be repeated."""

from __future__ import annotations

ATTACKS = (
    "1", "a", "A", "1 ", "1-", "12 ", "123.", "1234 ", "a.", "a@", "@", "a@a.", "A1", "+1", "(1", "0x",
    "bc1q", "京A", "%31", "\\u0031", "&#49;", "MTEw", "1.1e", "{[", '"a":', "::", "https://a/", "1/", "é",
)  # fmt: skip


def digits(size: int) -> str:
    """Numbers of 17 digits beside each other, `size` characters of them."""
    return " ".join(str(10**16 + number * 7919) for number in range(size // 18))


REPEATED_LINES = (
    ("a.yaml", "- {name: a, value: b}\n"),
    ("a.json", "[\n"),
    ("a.jsonl", '{"a": "\\\\"}\n'),
    ("a.toml", "[[x]]\na = [1, 'b']\n"),
    (".env", 'A="\n'),
    (".env", "A='\\\n"),
    ("a.ini", "[s\n a = b\n"),
    ("a.properties", "\\\\\\\n a b=\n"),
    ("a.csv", '"a""b,"c\n'),
    ("a.csv", '"",\n'),
    ("a.tf", 'a "b" { c = "${x["y"]}" }\n'),
    ("a.tf", 'a = "${\n'),
    ("a.tf", '"a" b '),
    ("a.tf", '"\\\\'),
    ("a.toml", "a."),
    ("Dockerfile", 'ENV "a\\\n'),
    ("Dockerfile", "ENV a b= c\\ \n"),
    ("a.txt", "a = \n"),
)
"""(name of the file, line): files of many such lines."""
