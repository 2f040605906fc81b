"""What a mechanism does not get of the environment: what looks like a credential.

A list of what may stay would break mechanisms that need JAVA_HOME, LD_LIBRARY_PATH or OMP_NUM_THREADS.
"""

from __future__ import annotations

import os
import re

_NAME = re.compile(
    r"^(AWS|AZURE|ARM|GOOGLE|GCP|GCLOUD|GITHUB|GH|GITLAB|CI_JOB|ACTIONS|VAULT|KUBE|DOCKER|HF|OPENAI|ANTHROPIC"
    r"|TF_VAR|GATECLI|PG|MYSQL|REDIS)_?(?=.)"
    r"|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|SIGNATURE|COOKIE|SESSION|AUTH|DSN|WEBHOOK"
    r"|(^|_)(PW|PWD|PASS|PAT|SAS|JWT)$|KEY|NETRC|CONNECTION_?STRING|_CERT",
    re.IGNORECASE,
)
_WORKING_FOLDERS = frozenset({"PWD", "OLDPWD"})
_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]*@")
"""A password in an address."""


def is_credential(name: str, value: str) -> bool:
    """Whether a variable looks like a credential, by its name or by a password in an address."""
    return name not in _WORKING_FOLDERS and bool(_NAME.search(name) or _VALUE.search(value))


def forget_credentials() -> None:
    """Take credentials out of this process's environment, and so out of that of what it starts."""
    for name in [each for each, value in os.environ.items() if is_credential(each, value)]:
        del os.environ[name]
