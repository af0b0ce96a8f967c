#!/usr/bin/env bash
# Makes persona-prior.tar.gz for `spark-submit --archives persona-prior.tar.gz#persona-prior`: the built package, its models and
# the libraries that workers load, for this machine's platform. Nodes then need only Node; with --with-node not even that.
# Usage: spark/pack.sh [--with-node] [OUT.tar.gz]   (after npm ci and npm run build)
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
with_node=no
if [ "${1:-}" = --with-node ]; then with_node=yes; shift; fi
out="$(realpath -m "${1:-persona-prior.tar.gz}")"
[ -f "$root/dist/cli.js" ] || { echo "pack.sh: dist/ is not there: npm run build" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/p/corpora"
cp -r "$root/dist" "$root/models" "$root/package.json" "$root/LICENSE" "$work/p/"
cp "$root/corpora/presets.json" "$work/p/corpora/"
# libraries of the package itself, without those of its development and other platforms' programs
cd "$root"
npm ls --omit=dev --all --parseable 2>/dev/null | tail -n +2 | sed "s|^$root/||" | sort -u > "$work/list" || true
tar -ch --exclude='onnxruntime-node/bin/napi-v*/darwin' --exclude='onnxruntime-node/bin/napi-v*/win32' \
  --exclude='onnxruntime-web/dist/*.wasm' --exclude='*.map' -T "$work/list" -f - | tar -x -C "$work/p"
if [ "$with_node" = yes ]; then
  mkdir -p "$work/p/node/bin"
  cp "$(node -p process.execPath)" "$work/p/node/bin/node"
fi
cd "$work/p"
# what was packed must run: it says its own version
PATH=/nonexistent "$(readlink -f "$(command -v node)")" dist/cli.js --version > /dev/null
tar -czf "$out.part" .
mv "$out.part" "$out"
echo "$out"
