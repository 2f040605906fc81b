#!/usr/bin/env bash
# Installs into $ENVIRONMENT, once. Only the package index is asked, and what it gives is held to its hash.
set -euo pipefail

root="$GITHUB_ACTION_PATH/../.."
bin="$ENVIRONMENT/bin"
if [ "${RUNNER_OS:-}" = Windows ]; then bin="$ENVIRONMENT/Scripts"; fi
flags=(--lock "$root/requirements.txt")
if [ "${INPUT_LEDGER:-false}" = true ]; then flags+=(--lock "$root/requirements-ledger.txt"); fi
if [ -n "$INPUT_PACKAGE" ]; then
  flags+=(--package "$INPUT_PACKAGE")
elif [ -n "$INPUT_VERSION" ]; then
  flags+=(--package "gatecli==$INPUT_VERSION")
fi
"$(command -v python3 || command -v python)" -I "$root/tools/install.py" "$ENVIRONMENT" "${flags[@]}"
"$bin/gatecli" --version
echo "$bin" >>"$GITHUB_PATH"
