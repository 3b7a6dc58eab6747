#!/bin/sh
# Makes sure a build can start: cargo, a C compiler (aws-lc-sys and libsqlite3-sys compile C), and the
# rustup components named as arguments (rustfmt, clippy). Says nothing when all is there.
set -eu

if ! command -v cargo >/dev/null; then
    echo '需要 Rust 工具链（cargo），请先用 rustup 安装稳定版' >&2
    exit 1
fi

# A compiler without the C library's headers (gcc without libc6-dev) is of no use, so try it.
has_cc() { echo '#include <stdlib.h>' | "${CC:-cc}" -fsyntax-only -x c - 2>/dev/null; }

if ! has_cc; then
    manual='apt-get install -y --no-install-recommends gcc libc6-dev'
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif sudo -n true 2>/dev/null; then
        sudo='sudo -n'
    else
        sudo=no
        manual="sudo $manual"
    fi
    if [ "$sudo" = no ] || ! command -v apt-get >/dev/null; then
        echo "编译需要 C 编译器 cc 和 C 库头文件，请先安装：$manual" >&2
        exit 1
    fi
    apt() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
    if ! { apt update && apt install -y --no-install-recommends gcc libc6-dev; } || ! has_cc; then
        echo "没能装好 C 编译器 cc，请手动安装：$manual" >&2
        exit 1
    fi
fi

for component in "$@"; do
    case $component in
    rustfmt) subcommand=fmt ;;
    *) subcommand=$component ;;
    esac
    if ! cargo "$subcommand" --version >/dev/null 2>&1; then
        if ! { command -v rustup >/dev/null && rustup component add "$component"; }; then
            echo "缺 cargo $subcommand，请先安装：rustup component add $component" >&2
            exit 1
        fi
    fi
done
