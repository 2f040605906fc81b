#!/usr/bin/env bash
# Builds the command that signs what passed, or writes what GitHub's action signs. The step runs after a pass alone.
set -euo pipefail

usage() { echo "::error title=gatecli::$1"; exit 2; }

case "$INPUT_PATH" in *$'\n'?*) usage "an attestation is about one path, and the input path has several lines" ;; esac
command=(gatecli attest --report "$REPORTS/report.json")
case "$INPUT_ATTEST" in
  key)
    [ -n "$ATTEST_KEY" ] || usage "the input attest-key is empty: give it a secret"
    signed="$REPORTS/attestation.sigstore.json"
    "${command[@]}" --output "$signed" -- "${INPUT_PATH%$'\n'}"
    echo "attestation=$signed" >>"$GITHUB_OUTPUT"
    ;;
  github)
    unset GATECLI_ATTEST_KEY
    unsigned="$REPORTS/unsigned"
    "${command[@]}" --unsigned "$unsigned" -- "${INPUT_PATH%$'\n'}"
    echo "unsigned=$unsigned" >>"$GITHUB_OUTPUT"
    echo "predicate-type=$(cat "$unsigned/predicate-type.txt")" >>"$GITHUB_OUTPUT"
    ;;
  *) usage "the input attest must be key or github" ;;
esac
