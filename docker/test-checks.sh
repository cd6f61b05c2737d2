# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared with docker/test-image and test-run.sh
#
# Part of docker/test-image: what has to hold of what an image starts.

vault_domain=vault.localhost
vault=dev.$vault_domain
data_key=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8

# The address of an instance, or with 6 behind it the IPv6 one, as a URL has it.
at()
{
    local number
    number=$(cat "$work/$1.address")
    [ "${2-}" = 6 ] && echo "[$v6::$number]" || echo "$v4.$number"
}

# control NAME PATH [CURL-OPTION...]: the control port, by the instance's address.
control()
{
    local name=$1 path=$2
    shift 2
    curl -sS --max-time 20 --noproxy '*' "$@" "http://$(at "$name"):8080$path"
}

fetch_token()
{
    control "$1" '/msi/token?api-version=2019-08-01&resource=https://vault.azure.net' \
        -H 'X-IDENTITY-HEADER: coffer' | jq -er .access_token
}

# keys NAME METHOD PATH [BODY]: the status on the first line, then the body. The vault is reached by
# $authority, a name and a port that clients use, which lead to the instance.
authority=$vault:8443
keys()
{
    local name=$1 method=$2 path=$3 body=(${4+-d "$4"})
    curl -sS --max-time 30 --noproxy '*' --cacert "$work/$name.ca" -X "$method" "${body[@]}" \
        --connect-to "$authority:$(at "$name"):8443" -H 'Content-Type: application/json' \
        -H "Authorization: Bearer $(cat "$work/$name.token")" -o "$work/body" -w '%{http_code}\n' \
        "https://$authority$path?api-version=7.6" && cat "$work/body"
}

# expect STATUS FILTER NAME METHOD PATH [BODY]: the answer has the status, and jq's filter is true.
expect()
{
    local status=$1 filter=$2 answer
    shift 2
    answer=$(keys "$@") || return 1
    [ "$(head -n 1 <<<"$answer")" = "$status" ] &&
        [ "$(tail -n +2 <<<"$answer" | jq "$filter" 2>/dev/null)" = true ] ||
        { say "$* -> $answer"; return 1; }
}

# What every client fetches first.
meet()
{
    control "$1" /ca.pem >"$work/$1.ca" && grep -q CERTIFICATE "$work/$1.ca" &&
        fetch_token "$1" >"$work/$1.token"
}

wrap()
{
    keys "$1" POST "/keys/$2/wrapkey" "{\"alg\":\"RSA-OAEP-256\",\"value\":\"$data_key\"}" |
        tail -n +2 | jq -er .value
}

unwraps()
{
    expect 200 ".value == \"$data_key\"" "$1" POST "/keys/$2/unwrapkey" \
        "{\"alg\":\"RSA-OAEP-256\",\"value\":\"$3\"}"
}

# A key that a service wraps its data key with: made, rotated, disabled, deleted, recovered, purged.
lifecycle()
{
    local wrapped version
    expect 200 '.key.kty == "RSA"' "$1" POST /keys/cmk/create '{"kty":"RSA"}' || return 1
    version=$(jq -r .key.kid "$work/body") && version=${version##*/}
    wrapped=$(wrap "$1" cmk) && unwraps "$1" cmk "$wrapped" || return 1
    expect 200 '.key.kty == "RSA"' "$1" POST /keys/cmk/rotate '{}' || return 1
    unwraps "$1" "cmk/$version" "$wrapped" || return 1
    expect 200 '.attributes.enabled == false' "$1" PATCH "/keys/cmk/$version" \
        '{"attributes":{"enabled":false}}' || return 1
    expect 403 '.error.innererror.code == "KeyDisabled"' "$1" POST "/keys/cmk/$version/unwrapkey" \
        "{\"alg\":\"RSA-OAEP-256\",\"value\":\"$wrapped\"}" || return 1
    expect 200 '.recoveryId != null' "$1" DELETE /keys/cmk || return 1
    expect 404 '.error.code == "KeyNotFound"' "$1" GET /keys/cmk || return 1
    expect 200 '.key.kid != null' "$1" POST /deletedkeys/cmk/recover '{}' || return 1
    expect 200 '.recoveryId != null' "$1" DELETE /keys/cmk || return 1
    control "$1" /control/v1/clock -d '{"advance":"P90D"}' -H 'Content-Type: application/json' \
        >/dev/null || return 1
    fetch_token "$1" >"$work/$1.token" || return 1
    expect 404 '.error.code == "KeyNotFound"' "$1" GET /deletedkeys/cmk
}

# Status of the control port for a Host header, with further options.
answers()
{
    local status=$1 name=$2
    shift 2
    same "$status" "$(control "$name" /health -o /dev/null -w '%{http_code}' "$@")"
}

is_ready_in()
{
    is_at_most "$took" "$ready_max"
}

is_the_user()
{
    same "$2" "$(awk '/^[UG]id:/ { printf "%s ", $3 } /^CapEff:/ { print $2 }' \
        "/proc/$(pid_of "$1")/status")"
}

ended_well()
{
    same 0 "$ended"
}

# What an instance has in its environment, one per line.
has_no_home()
{
    ! tr '\0' '\n' <"/proc/$(pid_of "$1")/environ" | grep '^HOME='
}

ids_say()
{
    local kid=$authority
    expect 200 ".key.kid | startswith(\"https://$kid/keys/\")" "$1" POST /keys/named/create \
        '{"kty":"EC"}'
}

# challenge_says NAME RESOURCE [PORT]: the challenge that a client of $authority gets there.
challenge_says()
{
    curl -sS --max-time 20 --noproxy '*' --cacert "$work/$1.ca" -o /dev/null -D - \
        --connect-to "$authority:$(at "$1"):${3-8443}" "https://$authority/keys?api-version=7.6" |
        grep -i "^WWW-Authenticate: .*resource=\"https://$2\""
}

by_ipv6()
{
    curl -sS --max-time 20 --noproxy '*' -o /dev/null -f "http://$(at "$1" 6):8080/ready" &&
        curl -sS --max-time 20 --noproxy '*' --cacert "$work/$1.ca" -o /dev/null -w '%{http_code}' \
            --connect-to "$vault:8443:$(at "$1" 6):8443" "https://$vault:8443/keys?api-version=7.6" |
        grep -x 401
}

# With what Kubernetes sets for a service named coffer beside it.
check_plain()
{
    extra=(COFFER_SERVICE_HOST=10.3.0.7 COFFER_SERVICE_PORT=8443 COFFER_PORT=tcp://10.3.0.7:8443
        COFFER_PORT_8443_TCP=tcp://10.3.0.7:8443)
    start plain
    check "is ready, whatever Kubernetes injects for a service named coffer" await plain
    say "$image: ready $took ms after the process began (goal $ready_goal)"
    check "is ready in $ready_max ms" is_ready_in
    check "is the image's user, with no capability" is_the_user plain '65532 0 0000000000000000'
    check "has no HOME" has_no_home plain
    check "passes its health check" exec_in plain /usr/bin/coffer healthcheck
    check "is met by clients outside" meet plain
    check "leads a key through its life" lifecycle plain
    check "answers to the name of a service" answers 200 plain -H 'Host: coffer:8080'
    check "answers to the name of a service in a cluster" \
        answers 200 plain -H 'Host: coffer.default.svc.cluster.local:8080'
    check "answers to a mapped port" answers 200 plain -H 'Host: localhost:49153'
    check "refuses a name of somebody else" answers 403 plain -H 'Host: evil.example'
    authority=$vault:49154
    check "puts the mapped port into ids" ids_say plain
    check "puts the mapped port into the challenge" challenge_says plain vault.localhost:49154
    authority=dev.vault.azure.net:443
    check "serves the real name, too" challenge_says plain vault.azure.net
    authority=$vault:8443
    [ -z "$v6" ] || check "is reached by IPv6" by_ipv6 plain
    check "prints what clients need" exec_in plain /usr/bin/coffer env
    check "makes a vault while it runs" exec_in plain /usr/bin/coffer vault create later,retention=7
    authority=later.$vault_domain:8443
    check "serves it" ids_say plain
    check "puts everything back" exec_in plain /usr/bin/coffer reset
    check "no longer serves it" expect 404 '.error.code == "VaultNotFound"' plain GET /keys
    authority=$vault:8443
    check "gives tokens of the time that it was put back to" meet plain
}

# A second one of the same image, which shares nothing with the first.
check_beside()
{
    start beside
    check "has a second one start beside it" await beside
    check "has clients meet the second one" meet beside
    check "has the second one make a key" \
        expect 200 '.key.kty == "EC"' beside POST /keys/beside/create '{"kty":"EC"}'
    check "has the first one know nothing of the second one's key" \
        expect 404 '.error.code == "KeyNotFound"' plain GET /keys/beside
    check "has a certificate authority of its own in each" differ "$work/plain.ca" "$work/beside.ca"
    signal beside INT
    check "ends by SIGINT with status 0" ended_well
    signal plain TERM
    check "ends by SIGTERM with status 0" ended_well
}

differ()
{
    ! cmp -s "$1" "$2"
}

# One volume, three processes: ended, killed, and there again.
check_restart()
{
    local wrapped
    mkdir -p "$work/kept" && chmod 1777 "$work/kept"
    volume=$work/kept
    start first
    check "starts on an empty volume" await first
    meet first
    expect 200 true first POST /keys/stays/create '{"kty":"RSA"}' >/dev/null || true
    wrapped=$(wrap first stays) || true
    check "keeps secrets from others on the volume" is_private "$work/kept"
    signal first TERM
    check "ends in order with a volume" ended_well
    volume=$work/kept flags=ro
    start second
    check "starts again with a kept volume and a read-only root" await second
    say "$image: ready $took ms after the process began, on a kept volume"
    check "has the same authority again" cmp "$work/first.ca" <(control second /ca.pem)
    meet second
    check "unwraps what was wrapped before" unwraps second stays "$wrapped"
    signal second KILL
    volume=$work/kept
    start third
    check "starts after it was killed" await third
    meet third
    check "has lost nothing" unwraps third stays "$wrapped"
    signal third TERM
}

is_private()
{
    local found
    found=$(find "$1" -mindepth 1 -type f \( -name '*.key' -o -name pin -o -name '*.db*' \
        -o -name 'issuer.pem' -o -name '*.object' \) -perm /077 -print)
    [ -z "$found" ] && [ -n "$(find "$1" -name '*.db' -print)" ] || { say "$found"; return 1; }
}

is_empty()
{
    same '' "$(find "$1" -mindepth 1 -print)"
}

# The folder that has coffer's state, by what it writes once it is ready.
has_state()
{
    [ -n "$(find "$1" -name run.json -print)" ]
}

# Where /dev/shm has room the state is there, and nowhere else (docker run --shm-size).
check_shared_memory()
{
    memory=$(mktemp -d /dev/shm/coffer-image-XXXXXX) || true
    if [ -z "$memory" ] || [ "$(stat -f -c %T "$memory")" != tmpfs ] ||
        [ "$(df --output=avail -k "$memory" | tail -n 1)" -lt $((300 * 1024)) ]; then
        say "SKIP: $image: there is no /dev/shm with 300 MiB here"
        return 0
    fi
    chmod 1777 "$memory"
    tmp=$work/tmp shm=$memory flags=ro as_user=54321:12345 extra=(HOME=/nowhere)
    start shared serve --ephemeral --vault dev
    check "starts ephemeral in shared memory" await shared
    check "has its state in shared memory" has_state "$memory"
    check "has none of it in /tmp then" is_empty "$work/tmp"
    signal shared TERM
    check "ends in order in shared memory" ended_well
    check "leaves nothing behind in shared memory" is_empty "$memory"
    rmdir "$memory" 2>/dev/null || rm -rf "$memory"
    memory=
}

check_ephemeral()
{
    mkdir -p "$work/tmp" && chmod 1777 "$work/tmp"
    tmp=$work/tmp flags=ro as_user=54321:12345 extra=(HOME=/nowhere)
    start passing serve --ephemeral --vault dev --vault other
    check "starts ephemeral, read-only, as an arbitrary user" await passing
    check "is that user" is_the_user passing '54321 12345 0000000000000000'
    check "finds the ephemeral one in its health check" \
        exec_in passing /usr/bin/coffer healthcheck
    meet passing
    check "leads a key through its life there, too" lifecycle passing
    signal passing TERM
    check "ends in order when ephemeral" ended_well
    check "leaves nothing behind" is_empty "$work/tmp"
    check_shared_memory
    as_user=54321:12345
    start lasting
    check "starts as an arbitrary user with the image's folder" await lasting
    signal lasting TERM
}

# The health check has to find the instance wherever its options put it.
check_moved()
{
    start moved serve --port 9443 --control-port 9080 --data /tmp/elsewhere
    check "starts with other ports and another folder" await moved
    check "passes its health check there, told of the folder" \
        exec_in moved /usr/bin/coffer healthcheck --data /tmp/elsewhere
    check "fails its health check where nothing runs" not exec_in moved /usr/bin/coffer healthcheck
    signal moved TERM
    extra=(COFFER_PORT=9443 COFFER_CONTROL_PORT=9080 COFFER_DATA=/tmp/elsewhere)
    start variable
    check "starts with those set by variables" await variable
    check "passes its health check by the same variables" \
        exec_in variable /usr/bin/coffer healthcheck
    signal variable TERM
}

not()
{
    ! "$@"
}

many_keys()
{
    local i
    for i in 1 2; do
        expect 200 true small POST "/keys/big-$i/create" '{"kty":"RSA","key_size":4096}' || return 1
        expect 200 true small POST "/keys/small-$i/create" '{"kty":"EC","crv":"P-256"}' || return 1
        unwraps small "big-$i" "$(wrap small "big-$i")" || return 1
    done
}

check_memory()
{
    local limited
    limited=$(make_memory_group "$memory_max") || true
    if [ -z "$limited" ]; then
        say "SKIP: $image: no control group for memory can be made here"
        return 0
    fi
    group=$limited
    start small
    check "starts with $memory_max bytes of memory" await small
    meet small
    check "makes and uses keys within that" many_keys
    check "leads a key through its life within that" lifecycle small
    say "$image: used $(memory_peak "$limited") bytes of memory at most"
    signal small TERM
    check "ends in order within that" ended_well
    rmdir "$limited" || true
}

check_refusals()
{
    start wrong serve --vault a_b
    check "does not start with a wrong option" fails_with wrong 2
    as_user=54321:12345 flags=ro
    start stuck
    check "says where it cannot write" fails_with stuck 1 /var/lib/coffer
}

# fails_with NAME STATUS [TEXT]: it ends by itself, with that in its log.
fails_with()
{
    local status=0
    ! read -r -t 20 <"$work/$1.out" || return 1
    wait "$(cat "$work/$1.shell")" || status=$?
    cat "$work/$1.err"
    same "$2" "$status" && grep -q "${3-}" "$work/$1.err"
}

check_image()
{
    check_contents
    check_plain
    check_beside
    check_restart
    check_ephemeral
    check_moved
    check_memory
    check_refusals
    for instance in "${instances[@]}"; do
        discard "$instance"
    done
    rm -rf "${work:?}"/{plain,beside,first,second,third,passing,shared,lasting,moved,variable,small,wrong,stuck}.* \
        "$work/kept" "$work/tmp"
    instances=()
}
