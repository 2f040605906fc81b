#!/usr/bin/env bash
# Builds the command from the inputs, which come through the environment, and keeps its exit code for later.
set -euo pipefail

usage() { echo "::error title=gatecli::$1"; exit 2; }

case "$INPUT_GATE" in
  check) command=(gatecli check) ;;
  release) command=(gatecli release check) ;;
  anonymity) command=(gatecli anonymity check) ;;
  pii) command=(gatecli pii scan) ;;
  terraform) command=(gatecli terraform check) ;;
  *) usage "the input gate must be check, release, anonymity, pii or terraform" ;;
esac
command -v gatecli >/dev/null || usage "gatecli is not installed: use github_actions/setup before this action"
case "$INPUT_FAIL_ON" in
  error | warning | note) ;;
  *) usage "the input fail-on must be error, warning or note" ;;
esac
reports="${INPUT_REPORT_DIR:-${RUNNER_TEMP:?}/gatecli-reports/${GITHUB_ACTION:-gate}}"
case "$reports" in *[[:cntrl:]]*) usage "the input report-dir must be one line" ;; esac
mkdir -p "$reports"
# What an earlier run left is not evidence for this one.
rm -f "$reports/report.json" "$reports/report.sarif" "$reports/report.md" "$reports/attestation.sigstore.json"

command+=(--format github --fail-on "$INPUT_FAIL_ON")
for pair in json=report.json sarif=report.sarif markdown=report.md; do
  command+=(--report "${pair%%=*}=$reports/${pair#*=}")
done
if [ -n "$INPUT_POLICY" ]; then command+=(--policy "$INPUT_POLICY"); fi
if [ -n "$POLICY_FROM" ]; then command+=(--policy-from "$POLICY_FROM"); fi
if [ -n "$INPUT_BASELINE" ]; then command+=(--baseline "$INPUT_BASELINE"); fi
# By a variable: the URL may hold a password, and arguments are seen by others.
if [ -n "$INPUT_LEDGER" ]; then export GATECLI_LEDGER="$INPUT_LEDGER"; fi
while IFS= read -r line; do
  if [ -n "$line" ]; then command+=("$line"); fi
done <<<"$INPUT_ARGS"
command+=(--)
while IFS= read -r line; do
  if [ -n "$line" ]; then command+=("$line"); fi
done <<<"$INPUT_PATH"

code=0
"${command[@]}" || code=$?
{
  echo "exit-code=$code"
  echo "reports=$reports"
} >>"$GITHUB_OUTPUT"
