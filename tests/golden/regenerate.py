"""`python -m tests.golden.regenerate` writes the golden files anew; read the difference before committing."""

from __future__ import annotations

from tests.golden.cases import HERE, expected, stored


def main() -> None:
    wanted = expected()
    for stale in stored().keys() - wanted.keys():
        (HERE / stale).unlink()
    for name, text in wanted.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
