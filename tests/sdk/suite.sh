# SPDX-License-Identifier: Apache-2.0
#
# What the suites of the SDKs have in common: each `run` reads this in, defines the four functions
# that depend on its language, and ends with `run_suite "$@"`.
#
#   demand_tools        skips where the language is missing or too old
#   install_packages    brings the pinned packages below $folder, with `fetch`
#   run_tests SERVER [TEST...]
#                       runs these tests, or all, as far as they are for SERVER; its status says
#                       how that went
#   count_tests         prints three numbers: tests run, passed, skipped
#
# There are five kinds of SERVER: `prompt` does everything at once, as by default; `slow` deletes and
# recovers in a minute of its virtual clock; `jumping` is prompt, and its clock is moved for all;
# `azure` is reached by the names, ports and addresses that the clouds have, in a network of its own
# (impersonation.sh); `adfs`, which only some suites want, names its authority in challenges, with the
# tenant that variables of the environment name. Files called *pending* are for the second, *jumps* for the third, *azure* for the
# fourth. A `run` whose suite has nothing for some of them sets `servers`.
#
# In the environment, beyond what each `run` names:
#   COFFER      the binary to test (./coffer)
#   SDK_SKIP    a reason to leave these suites out
#   SDK_ONLY    `packages`: bring the packages and run nothing; what else wants them (tests/docs)
#               says so
#   SDK_SEEDS   the templates of the documents, tried where they are (../shared/seeds beside the source)
#   SDK_CACHE   where what was downloaded is kept (tests/sdk/cache in the build folder)
#
# A suite that cannot run says why and exits 77, which automake counts as skipped.

language=$(basename "$source")
coffer=${COFFER:-$PWD/coffer}
folder=$PWD/tests/sdk/$language/suite
cache=${SDK_CACHE:-$PWD/tests/sdk/cache}
server=
servers='prompt slow jumping'

skip()
{
    echo "skipped: $*"
    exit 77
}

sdk=${sdk:-$source/../../sdk} # for the suites of tests/modules and tests/openapi, too
. "$sdk/logins.sh"
. "$sdk/impersonation.sh"

# Sees to it that nothing stays behind, however this ends.
scratch=${SDK_INSIDE:-$(mktemp -d "${TMPDIR:-/tmp}/coffer-sdk.XXXXXX")}
clean_up()
{
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    [ -n "${SDK_INSIDE-}" ] || rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

demand_names()
{
    getent hosts dev.vault.localhost >/dev/null ||
        skip "dev.vault.localhost does not resolve; libnss-myhostname would do it"
}

# fetch OURS COMMAND...: has COMMAND get packages, twice if need be: networks have their moments.
# Where there is none, there is nothing to test with; but what matches OURS in its output means
# that the packages are not those we pinned, and that is a failure.
fetch()
{
    ours=$1
    shift
    tool=$(basename "$1")
    mkdir -p "$folder" "$cache"
    for attempt in first second; do
        if "$@" >"$scratch/fetch" 2>&1; then
            return 0
        fi
        cat "$scratch/fetch"
        if grep -qE "$ours" "$scratch/fetch"; then
            echo "what $tool got is not what was pinned"
            exit 1
        fi
        echo "the $attempt attempt to get the packages has failed"
    done
    skip "$tool cannot get the packages"
}

start_server()
{
    data=$scratch/$1
    here='--listen localhost --port 0 --control-port 0'
    case $1 in
        prompt | jumping) lag=0 where=$here ;;
        slow) lag=60s where=$here ;;
        adfs) lag=0 where="$here --authority-host login.localhost/adfs" ;;
        azure) lag=0 where=$azure_place ;;
    esac
    # shellcheck disable=SC2086 # words on purpose
    "$coffer" serve --data "$data" $where --tenant "$robot_tenant" \
        --identity "$robot" --identity "$machine" \
        --deletion-lag "$lag" --vault dev --vault locked,purge-protection --vault pool,kind=hsm \
        >"$scratch/out" 2>"$scratch/log" &
    server=$!
    for _ in $(seq 600); do
        [ ! -s "$data/run.json" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "coffer did not become ready:"
    cat "$scratch/out" "$scratch/log"
    exit 1
}

# SIGTERM must end it in order.
stop_server()
{
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    server=
    if [ "$status" -ne 0 ]; then
        echo "coffer ended with status $status after SIGTERM"
        return 1
    fi
}

# What `coffer env` prints is all that the SDK gets to know; a proxy has no part in this.
set_environment()
{
    unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
    unset AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE
    unset AZURE_TOKEN_CREDENTIALS AZURE_AUTHORITY_HOST
    environment=$("$coffer" env --data "$data" --vault dev)
    eval "$environment"
    export SDK_RUN_JSON="$data/run.json" SDK_FAILURES="$sdk/failures.json"
    export SDK_TEMPLATES="$sdk/../data/templates" SDK_SEEDS="${SDK_SEEDS:-$sdk/../../../shared/seeds}"
    describe_logins
    [ "$1" != azure ] || forget_coffer
}

# One line for tests/driver.
report()
{
    { count_tests && count_left_out; } | awk '
        { tests += $1; passed += $2; skipped += $3 }
        END {
            printf "Tested: %d | Passing: %d | Failing: %d | Crashing: 0 | Skipped: %d\n",
                tests, passed, tests - passed - skipped, skipped
            exit tests == 0
        }'
}

# files_for SERVER SUFFIX [FILE...]: which of these files of the suite, or of all, are for SERVER.
files_for()
{
    kind=$1
    suffix=$2
    shift 2
    [ $# -gt 0 ] || set -- "$source"/*"$suffix"
    for file in "$@"; do
        case $kind:$(basename "$file") in
            prompt:*pending* | prompt:*jumps* | prompt:*azure*) ;;
            prompt:* | slow:*pending* | jumping:*jumps* | azure:*azure*) basename "$file" ;;
        esac
    done
}

# try SERVER [TEST...]: false when a test failed, or the server did not end as it should.
try()
{
    verdict=0
    start_server "$1"
    set_environment "$1"
    run_tests "$@" || verdict=1
    stop_server || verdict=1
    [ $verdict -eq 0 ] || cat "$scratch/log"
    return $verdict
}

run_suite()
{
    failed=0
    [ -z "${SDK_SKIP-}" ] || skip "$SDK_SKIP"
    [ -z "${SDK_INSIDE-}" ] || { run_inside "$@" && exit 0; exit 1; }
    demand_tools
    demand_names
    # Whoever else brings the same packages at this moment is waited for.
    mkdir -p "$folder"
    exec 9>"$folder/.lock"
    flock 9
    install_packages
    exec 9>&-
    [ "${SDK_ONLY-}" != packages ] || exit 0
    for kind in $servers; do
        try "$kind" "$@" || failed=1
    done
    try_azure "$@" || failed=1
    report
    exit $failed
}
