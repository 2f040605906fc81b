#!/usr/bin/env bash
# The ledger must begin with what the kept checkpoint is about. Then a new one takes its place.
set -euo pipefail

usage() { echo "::error title=gatecli::$1"; exit 2; }

command -v gatecli >/dev/null || usage "gatecli is not installed: use github_actions/setup before this action"
[ -n "$GATECLI_LEDGER" ] || usage "the input ledger names the ledger"
case "$INPUT_CHECKPOINT" in
  "" | /* | *[[:cntrl:]]* | ../* | */../*) usage "the input checkpoint must be a path inside the repository" ;;
esac
case "$INPUT_COMMIT" in
  true | false) ;;
  *) usage "the input commit must be true or false" ;;
esac

verify=(gatecli ledger verify --format github)
if [ -f "$INPUT_CHECKPOINT" ]; then verify+=(--since "$INPUT_CHECKPOINT"); fi
"${verify[@]}"

checkpoint=(gatecli ledger checkpoint)
if [ -n "$INPUT_KEY" ]; then checkpoint+=(--key "$INPUT_KEY"); fi
new="$(mktemp "${RUNNER_TEMP:?}/checkpoint.XXXXXX")"
"${checkpoint[@]}" >"$new"
changed=false
# The first lines are the ledger's name, the size and the root: a new signature of an old head changes nothing.
if ! [ -f "$INPUT_CHECKPOINT" ] || [ "$(head -n 3 "$new")" != "$(head -n 3 "$INPUT_CHECKPOINT")" ]; then
  changed=true
  mkdir -p "$(dirname -- "$INPUT_CHECKPOINT")"
  cp "$new" "$INPUT_CHECKPOINT"
fi
{
  echo "### Checkpoint of the ledger"
  echo
  sed 's/^/    /' "$INPUT_CHECKPOINT"
} | tee -a "$GITHUB_STEP_SUMMARY"
{
  echo "checkpoint=$INPUT_CHECKPOINT"
  echo "changed=$changed"
} >>"$GITHUB_OUTPUT"

if [ "$INPUT_COMMIT" = true ] && [ "$changed" = true ]; then
  git add -- "$INPUT_CHECKPOINT"
  git -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
    commit --quiet --message "Keep the ledger's checkpoint" -- "$INPUT_CHECKPOINT"
  git push --quiet
fi
