#!/usr/bin/env bash
# Rolls this program out over an old one while people work, and takes it back: `make upgrade`.
#
# OLD is the commit of the old one. Unless said it is the one before the newest migration came. It is built once, in a
# directory of its own; what was built is kept in target/upgrade.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

newest=$(printf '%s\n' migrations/src/m[0-9]*.rs | sort | tail -n 1)
came=$(git log -1 --diff-filter=A --format=%H -- "$newest" 2>/dev/null || true)
# One that is not committed yet comes after all that is.
old=${OLD:-${came:+$came^}}
if ! commit=$(git rev-parse --verify --quiet "${old:-HEAD}^{commit}"); then
    echo "找不到提交 ${old:-HEAD}：make upgrade 需要带历史的 git 克隆（或用 OLD=提交 指定）" >&2
    exit 1
fi

kept=target/upgrade
program=$kept/huying-${commit:0:12}
if [ ! -x "$program" ]; then
    echo "编译旧版本 ${commit:0:12}（数分钟，只需一次）……"
    rm -rf "$kept/source"
    mkdir -p "$kept/source"
    # With the time of now: cargo must see that all of it is new.
    git archive "$commit" | tar -x -m -C "$kept/source"
    (cd "$kept/source" && CARGO_TARGET_DIR=../build cargo build -q --locked -p api --bin huying)
    cp "$kept/build/debug/huying" "$program"
    rm -rf "$kept/source"
fi

cargo build -q --locked -p api --bin huying
echo "旧版本：$(git log -1 --format='%h %s' "$commit")"
cargo run -q --locked -p integration-tests --bin upgrade -- "$program" target/debug/huying "${SECONDS_EACH:-8}"
