#!/bin/bash
# Does the plugin work as a program, behind protoc: files, sentences and exit codes?
#
# Usage: protoc_plugin_test.sh PROTOC PLUGIN
set -euo pipefail

protoc="$1"
plugin="$2"
readonly testdata=tests/codegen/testdata
failures=0

fail() {
  echo "$*" >&2
  failures=$((failures + 1))
}

run_protoc() {
  "$protoc" --plugin=protoc-gen-weir="$plugin" --proto_path=. "$@"
}

# refuses SENTENCE FILE [FLAG...]: that line, a failure, and no file.
refuses() {
  local wanted="--weir_out: $2: $1" file="$2" output out_directory
  shift 2
  out_directory="$(mktemp -d -p "$TEST_TMPDIR")"
  if output="$(run_protoc --weir_out="$out_directory" "$@" "$file" 2>&1)"; then
    fail "protoc accepted $file $*"
  fi
  [[ "$output" == "$wanted" ]] || fail "protoc said \"$output\" instead of \"$wanted\""
  [[ -z "$(ls -A "$out_directory")" ]] || fail "files were written for $file"
}

out="$TEST_TMPDIR/out"
mkdir "$out"
run_protoc --weir_out="$out" "$testdata/shapes.proto" "$testdata/names.proto"
run_protoc --weir_out="$out" --weir_opt=allow_no_services "$testdata/messages.proto"
for name in shapes names messages; do
  for extension in h cc; do
    cmp "$out/$testdata/$name.weir.$extension" "$testdata/golden/$name.weir.$extension.golden" ||
      fail "$name.weir.$extension is not what the generator writes in memory"
  done
done

refuses "this file defines no service, so there is nothing for protoc-gen-weir to generate; \
leave it out (in Bazel: weir_proto_library with services = False) or pass \
--weir_opt=allow_no_services" "$testdata/messages.proto"
refuses 'unknown option "mocks"; protoc-gen-weir knows only allow_no_services' \
  "$testdata/shapes.proto" --weir_opt=mocks
exit $((failures > 0))
