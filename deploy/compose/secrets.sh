#!/bin/sh
# 生成 compose.yaml 用的密钥和密码，已有的不动。master-key 务必另存一份：没有它，数据打不开。
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo '请用 root 运行：备份目录要归镜像里的用户' >&2; exit 1; }
mkdir -p secrets backups
chmod 700 secrets
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
[ -s secrets/master-key ] || random 32 > secrets/master-key
[ -s secrets/postgres-password ] || random 24 | tr '+/' '-_' > secrets/postgres-password
[ -s secrets/database-url ] || printf 'postgres://huying:%s@postgres/huying' "$(cat secrets/postgres-password)" > secrets/database-url
# The containers mount each file by itself and read it as a user of their own; nobody else gets into the folder.
chmod 444 secrets/*
# Backups are written by the image's user.
chown 10001:10001 backups
chmod 700 backups
