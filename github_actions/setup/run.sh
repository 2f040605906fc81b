#!/usr/bin/env bash
# Installs into $ENVIRONMENT, once. Only the package index is asked, and what it gives is held to its hash.
set -euo pipefail

root="$GITHUB_ACTION_PATH/../.."
bin="$ENVIRONMENT/bin"
if [ "${RUNNER_OS:-}" = Windows ]; then bin="$ENVIRONMENT/Scripts"; fi
if [ ! -e "$ENVIRONMENT/.installed" ]; then
  "$(command -v python3 || command -v python)" -m venv --clear "$ENVIRONMENT"
  pip=("$bin/python" -m pip install --quiet --disable-pip-version-check)
  "${pip[@]}" --require-hashes --requirement "$root/requirements.txt"
  if [ -n "$INPUT_PACKAGE" ]; then
    "${pip[@]}" --no-deps "$INPUT_PACKAGE"
  elif [ -n "$INPUT_VERSION" ]; then
    "${pip[@]}" --no-deps "gatecli==$INPUT_VERSION"
  else
    "${pip[@]}" --require-hashes --requirement "$GITHUB_ACTION_PATH/build-requirements.txt"
    "${pip[@]}" --no-deps --no-build-isolation "$root"
  fi
  touch "$ENVIRONMENT/.installed"
fi
"$bin/gatecli" --version
echo "$bin" >>"$GITHUB_PATH"
