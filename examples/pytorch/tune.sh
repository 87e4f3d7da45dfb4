#!/usr/bin/env bash
# Tunes what the five workloads call (workloads.txt), and emits the headers that the operators include.
#
#   ./tune.sh [OUT [DATABASE]]        OUT: the folder of the headers (default: tuned); DATABASE: default workloads.db
#
# TUNE names the executable (default: tune), BUDGET the new configurations a problem (default: 200). Run again, it measures only what the
# database lacks.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-tuned} db=${2:-workloads.db} tune=${TUNE:-tune}
"$tune" --shapes workloads.txt --budget "${BUDGET:-200}" --db "$db"
for op in gemm conv2d activation conv_transpose2d; do "$tune" emit --op "$op" --out "$out" --db "$db"; done
