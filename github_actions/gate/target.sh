#!/usr/bin/env bash
# Finds the revision whose law holds, and fetches its commit where the checkout has not. It changes no file.
set -euo pipefail

usage() { echo "::error title=gatecli::$1"; exit 2; }
keep() { echo "revision=$1" >>"$GITHUB_OUTPUT"; exit 0; }

wanted="${INPUT_POLICY_FROM:-$TARGET}"
if [ -z "$wanted" ] || [ "$wanted" = none ]; then keep ""; fi
case "$wanted" in -* | +* | *:* | *[[:cntrl:][:space:]]*) usage "the input policy-from must be a branch, a tag or a commit" ;; esac

IFS= read -r place <<<"$INPUT_PATH" || true
if [ ! -d "$place" ]; then place="$(dirname -- "$place")"; fi
top="$(git -C "$place" rev-parse --show-toplevel 2>/dev/null || git rev-parse --show-toplevel 2>/dev/null || true)"
above="$(git -C "${top:-.}" rev-parse --show-superproject-working-tree 2>/dev/null || true)"
top="${above:-$top}"
if [ -z "$top" ]; then
  if [ -n "$INPUT_POLICY_FROM" ]; then keep "$wanted"; fi
  echo "::notice title=gatecli::nothing is checked out, so the policy is not that of the target branch"
  keep ""
fi
if git -C "$top" rev-parse --verify --quiet "$wanted^{commit}" >/dev/null; then keep "$wanted"; fi

# The token is for this one command, and in no argument. A checkout that kept its own has sent it already.
header="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
if [ -n "$FETCH_TOKEN" ] && ! git -C "$top" config --get "$header" >/dev/null; then
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="$header"
  GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$FETCH_TOKEN" | base64 | tr -d '\n')"
  export GIT_CONFIG_VALUE_0
fi
export GIT_TERMINAL_PROMPT=0
git -C "$top" fetch --quiet --no-tags --no-recurse-submodules --depth=1 origin "$wanted" ||
  usage "the revision whose policy holds cannot be fetched: give actions/checkout fetch-depth 0, or policy-from none"
keep "$(git -C "$top" rev-parse FETCH_HEAD)"
