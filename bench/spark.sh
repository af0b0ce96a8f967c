#!/usr/bin/env bash
# Spark's local[2] against `scan --workers 2` on the same inputs: wall times, and whether the databases hold the same.
# Usage: PERSONA_PRIOR_SPARK_PYTHON=venv/bin/python bench/spark.sh OUT_DIR INPUT...
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
out="$1"; shift
python="${PERSONA_PRIOR_SPARK_PYTHON:-python3}"
spark="$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')"
mkdir -p "$out"
export PYSPARK_PYTHON="$python" SPARK_LOCAL_IP=127.0.0.1
timed() { local name="$1" from; shift; from="$(date +%s.%N)"; "$@" > "$out/$name.log" 2>&1 || [ $? = 3 ]; echo "$name $(echo "$(date +%s.%N) - $from" | bc) s, load $(cut -d' ' -f1 /proc/loadavg)"; }
timed scan node "$root/dist/cli.js" scan "$@" --db "$out/scan.db" --workers 2
timed spark "$spark/bin/spark-submit" --master 'local[2]' "$root/spark/scan.py" --package "$root" --input "$@" --output "$out/output"
timed import node "$root/dist/cli.js" import-spark "$out/output" --db "$out/spark.db"
du -sb "$out/output" | cut -f1 | sed 's/$/ bytes written/'
node "$root/bench/same-rows.mjs" "$out/scan.db" "$out/spark.db"
