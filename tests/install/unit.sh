#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The systemd unit: systemd finds nothing wrong with it, and coffer does nothing that it forbids,
# from the start through a key's life to the end.
# shellcheck disable=SC2154 # variables of suite.sh

. "$(dirname "$0")/suite.sh"

unit=$filled/coffer.service
exposure_max=15 # tenths, of 100; 14 is what it has

# A copy with the program, the file and the pages that are in the build folder.
make_copy()
{
    mkdir -p "$scratch/man/man1" "$scratch/man/man5"
    cp "$filled"/*.1 "$scratch/man/man1"
    cp "$filled"/*.5 "$scratch/man/man5"
    sed "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$coffer")|" "$unit" >"$scratch/coffer.service"
    has man || sed -i '/^Documentation=/d' "$scratch/coffer.service"
}

verifies()
{
    MANPATH=$scratch/man systemd-analyze verify --man=yes "$scratch/coffer.service"
}

is_closed()
{
    systemd-analyze security --offline=true --threshold=$exposure_max "$scratch/coffer.service"
}

# What a set stands for, with the sets in it.
expand()
{
    case $1 in
        @*) systemd-analyze syscall-filter "$1" | sed -n 's/^ *\([@a-z][a-z0-9_-]*\)$/\1/p' |
            grep -vx "$1" | while read -r part; do expand "$part"; done ;;
        *) echo "$1" ;;
    esac
}

# The calls that the unit's filter leaves, sorted: those of its lines, in order; ~ takes some away.
allowed_calls()
{
    local words word
    : >"$scratch/allowed"
    while read -r words; do
        for word in ${words#\~}; do expand "$word"; done | sort -u >"$scratch/part"
        case $words in
            \~*) comm -23 "$scratch/allowed" "$scratch/part" >"$scratch/left" ;;
            *) sort -u "$scratch/allowed" "$scratch/part" >"$scratch/left" ;;
        esac
        mv "$scratch/left" "$scratch/allowed"
    done < <(sed -n 's/^SystemCallFilter=//p' "$unit")
    cat "$scratch/allowed"
}

# A key's life while strace looks on.
run_traced()
{
    strace -f -qq -e signal=none -o "$scratch/trace" "$coffer" serve --data "$scratch/data" \
        --config "$filled/coffer.conf" --port 0 --control-port 0 --auth any \
        >"$scratch/out" 2>"$scratch/log" &
    server=$!
    timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.1; done' sh "$scratch/data/run.json" || return 1
    live || return 1
    # shellcheck disable=SC2046 # strace's one child
    kill -TERM $(cat "/proc/$server/task/$server/children")
    wait "$server" || return 1
    server=
}

ask()
{
    curl -sS --max-time 30 --fail-with-body --cacert "$scratch/ca.pem" \
        --connect-to "::127.0.0.1:" -H 'Authorization: Bearer any' \
        -H 'Content-Type: application/json' "$@"
}

live()
{
    local url value=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
    "$coffer" ca --data "$scratch/data" >"$scratch/ca.pem" || return 1
    "$coffer" env --data "$scratch/data" >"$scratch/env" || return 1
    url=$(sed -n "s/^export AZURE_KEYVAULT_URL='\{0,1\}\([^']*\)'\{0,1\}$/\1/p" "$scratch/env")
    ask "$url/keys/cmk/create?api-version=7.6" -d '{"kty":"RSA"}' || return 1
    ask "$url/keys/cmk/wrapkey?api-version=7.6" -d "{\"alg\":\"RSA-OAEP-256\",\"value\":\"$value\"}" |
        sed 's/.*"value":"\([^"]*\)".*/\1/' >"$scratch/wrapped"
    ask "$url/keys/cmk/unwrapkey?api-version=7.6" \
        -d "{\"alg\":\"RSA-OAEP-256\",\"value\":\"$(cat "$scratch/wrapped")\"}" | grep "$value"
}

# All that it called, sorted.
calls()
{
    sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$scratch/trace" | sort -u
}

# SQLite gives its files to whom their folder belongs, when it is root; the unit's user is not.
forbidden_calls()
{
    local spared=none
    [ "$(id -u)" -ne 0 ] || spared=fchown
    calls | grep -vx "$spared" | comm -23 - <(allowed_calls)
}

forbidden_families()
{
    local families
    families=$(sed -n 's/^RestrictAddressFamilies=//p' "$unit" | tr ' ' '|')
    sed -n 's/.* socket(\(AF_[A-Z0-9]*\).*/\1/p' "$scratch/trace" | sort -u | grep -vxE "$families"
}

# As MemoryDenyWriteExecute has it.
forbidden_memory()
{
    grep -E ' (mmap|pkey_mprotect|mprotect)\(.*PROT_EXEC' "$scratch/trace" |
        grep -E 'PROT_WRITE|mprotect\('
}

if ! has systemd-analyze; then
    skip "the unit is right" "no systemd-analyze"
    report
fi
make_copy
check "systemd finds nothing wrong" is_silent verifies
check "systemd finds it closed enough" is_closed
case ${SANITIZERS:-no} in
    no) ;;
    *) skip "coffer does nothing that the unit forbids" "a sanitizer does more"
       report ;;
esac
if ! has strace || ! has curl || ! strace -o /dev/null true 2>/dev/null; then
    skip "coffer does nothing that the unit forbids" "no strace or curl"
    report
fi
check "a key lives while strace looks on" run_traced
check "the trace has calls" grep -q ' socket(AF_INET6\{0,1\}, ' "$scratch/trace"
check "it calls nothing that the unit's filter forbids" is_silent forbidden_calls
check "it has no sockets that the unit forbids" is_silent forbidden_families
check "it makes no memory that can be written and executed" is_silent forbidden_memory
report
