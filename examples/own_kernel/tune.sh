#!/usr/bin/env bash
# Tunes blur.cu and keeps its spec in spec/: tune.sh [options of tune]. `tune` is in PATH.
# On a machine without a GPU: ./tune.sh --size n=4096 --device cpu --trust-code
set -euo pipefail
cd "$(dirname "$0")"
sizes=(--size 'n=1<<24')
for word in "$@"; do [ "$word" != --size ] || sizes=(); done
tune --kernel 'blur.cu:blur<4>' --knob BLOCK=128,64,256,512 --knob WORK=1,2,4,8 \
  --when 'BLOCK * WORK <= 2048' --grid 'ceil_div(n, BLOCK * WORK)' --block BLOCK \
  --arg 'f32[n]:in' --arg 'f32[9]:in' --arg 'f32[n]:out' --arg 0.5f --arg n "${sizes[@]}" \
  --db blur.db --save-spec spec "$@"
