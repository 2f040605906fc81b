"""What reading a zip archive raises where it is damaged, encrypted or packed in a way of its own."""

from __future__ import annotations

import zipfile
import zlib

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # zipfile's word for a compression that it does not know
    RuntimeError,  # and for a member that is encrypted
)
