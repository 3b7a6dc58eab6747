#!/bin/sh
# Serves the example county from a directory that is thrown away, and has schemathesis call everything that the served
# document names, without a token and as each role, with what the document allows and with what it does not. One line a
# role; what was wrong is in target/fuzz/ROLE.log, with the curl that shows it.
#
# EXAMPLES: how many a call and kind of test (20). ROLES: as whom (all). SEED: which examples (1).
set -eu

examples=${EXAMPLES:-20}
seed=${SEED:-1}
roles=${ROLES:-anyone resident volunteer party_member grid_worker grid_leader community_clerk street_dispatcher department_handler supervisor county_admin system_admin hotline}
huying=target/debug/huying
here=target/fuzz
unit=01990000-0000-7000-8000-000000000091

# Calls that would end the session of the one who fuzzes, by operation id:
#   sign_out             ends the tokens that the rest of the run needs
#   sign_out_everywhere  the same
#   erase_me             erases the person whom the token stands for
exclude=${EXCLUDE:-sign_out sign_out_everywhere erase_me}
# Calls that end an administrator's tokens when they meet the administrator: tried after the others, with a token of their own.
fatal='grant_person revoke_person leave_person erase_person'

# What an answer must be. Left out of all that schemathesis has:
#   positive_data_acceptance: a body that fits its schema may still name a place, person or ticket that there is not (422, 404)
#     or come in the wrong state (409); the schema cannot say so.
#   object_level_authorization: needs two users and a setting of its own; integration-tests show it.
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,allow_header_conformance,ignored_auth,use_after_free,ensure_resource_availability

mkdir -p "$here"
if [ ! -x "$here/venv/bin/schemathesis" ]; then
    if ! { command -v python3 >/dev/null && python3 -m venv "$here/venv" >/dev/null 2>&1; }; then
        echo '模糊测试需要 python3 和 venv，请先安装：apt-get install -y --no-install-recommends python3 python3-venv' >&2
        exit 1
    fi
    if ! "$here/venv/bin/pip" install -q --disable-pip-version-check 'schemathesis>=4.32,<5' >"$here/pip.log" 2>&1; then
        rm -rf "$here/venv"
        echo "没能从 PyPI 装好 schemathesis，原因见 $here/pip.log" >&2
        exit 1
    fi
fi

data=$(mktemp -d "${TMPDIR:-/tmp}/huying-fuzz.XXXXXX")
server=
end() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$data"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The settings of whoever runs this are not the server's.
unset DATABASE_URL REDIS_URL HUYING_MASTER_KEY HUYING_TRUSTED_PROXIES
export HUYING_DATA_DIR="$data" HUYING_LISTEN=127.0.0.1:0 HUYING_LOG=json RUST_LOG=warn
export HUYING_RATE_LOGINS=off HUYING_RATE_RENEWALS=off HUYING_RATE_TICKETS=off HUYING_RATE_CALLS=off
"$huying" serve --demo >"$data/said" 2>"$here/server.log" &
server=$!
until url=$(sed -n 's/^huying listening on //p' "$data/said") && [ -n "$url" ]; do
    if ! kill -0 "$server" 2>/dev/null; then
        echo "服务没有启动，原因见 $here/server.log" >&2
        exit 1
    fi
    sleep 0.1
done

# A token for a role, good for longer than its run.
token() {
    case $1 in
    department_handler) set -- "$1" --unit "$unit" ;;
    supervisor | county_admin | system_admin | hotline) set -- "$1" --place 532504 ;;
    street_dispatcher) set -- "$1" --place 532504001 ;;
    *) set -- "$1" --place 532504001007 ;;
    esac
    "$huying" token --ttl 12h --role "$@" 2>>"$here/server.log"
}

# Whether the token still stands for somebody: what came after its end has shown nothing but 401.
still_signed_in() {
    "$here/venv/bin/python" - "$url/api/v1/me" "$token" <<'END'
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]}), timeout=20)
END
}

# One run: its name, and what of the calls it leaves out or keeps to.
fuzz() {
    run=$1
    shift
    set -- --url "$url" --seed "$seed" --max-examples "$examples" --checks "$checks" --generation-database none \
        --workers 1 --continue-on-failure --max-failures 50 --request-timeout 20 --no-color --warnings off "$@"
    if [ -n "$token" ]; then
        set -- "$@" --header "Authorization: Bearer $token"
    fi
    # From there, for it leaves its own files where it runs; what it learnt last time is not for this time.
    if (cd "$here" && rm -rf .schemathesis && venv/bin/schemathesis run "$@" "$url/openapi.json") >"$here/$run.log" 2>&1; then
        result=通过
    else
        result="有问题，见 $here/$run.log"
        failed="$failed $run"
    fi
    calls=$(sed -n 's/^ *\([0-9,]*\) generated.*$/\1/p' "$here/$run.log" | tail -1)
    faults=$(sed -n 's/^.* \([0-9]*\) unique failures*.*$/\1/p' "$here/$run.log" | tail -1)
    echo "$run：调用 ${calls:-0} 次，问题 ${faults:-0} 个，$result"
    if ! kill -0 "$server" 2>/dev/null; then
        echo "服务在 $run 之后没了，原因见 $here/server.log" >&2
        exit 1
    fi
}

# Puts an option before each of some words.
each() {
    option=$1
    shift
    for word; do
        printf ' %s %s' "$option" "$word"
    done
}

failed=
for role in $roles; do
    token=
    if [ "$role" != anyone ] && ! token=$(token "$role"); then
        echo "$role：这个角色还没有，略过"
        continue
    fi
    # shellcheck disable=SC2046,SC2086
    fuzz "$role" $(each --exclude-operation-id $exclude $fatal)
    if [ "$role" != anyone ] && ! still_signed_in 2>/dev/null; then
        echo "$role：令牌中途失效，此后的调用只得到 401；请把使它失效的接口加进 EXCLUDE 并写明理由"
        failed="$failed $role"
    fi
    case $role in county_admin | system_admin)
        # shellcheck disable=SC2046,SC2086
        fuzz "$role-fatal" $(each --include-operation-id $fatal)
        ;;
    esac
done
[ -z "$failed" ]
