#!/usr/bin/env bash
# Tunes the problems of the five workloads (workloads.txt), and emits the headers that the operators
# include.
#
#   ./tune.sh [OUT [DATABASE]]        OUT: the folder of the headers (default: tuned); DATABASE: the
#                                     database (default: workloads.db)
#
# TUNE names the executable (default: tune); BUDGET is the number of new configurations for a
# problem (default: 200). A second run measures only what the database lacks.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-tuned} db=${2:-workloads.db} tune=${TUNE:-tune}
"$tune" --shapes workloads.txt --budget "${BUDGET:-200}" --db "$db"
for op in gemm conv2d activation conv_transpose2d; do
  "$tune" emit --op "$op" --out "$out" --db "$db"
done
