#!/usr/bin/env bash
# The README's table and picture, made anew: the table goes to standard output (paste it), the picture beside this script.
# The clairvoyant takes half a minute for each load and seed the first time.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.."
cargo bench --bench quality -- --seeds 3 "$@"
cargo run --release --quiet -- simulate --policy adaptive --set target_response_time_ms=1000 --load flash-crowd --days 1 \
    --against hpa,autoscalebot-2012 --plot benches/quality/flash-crowd.svg
