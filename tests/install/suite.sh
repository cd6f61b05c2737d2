# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of tests/install have in common, which look at what is installed beside the
# program, in the build folder: each reads this in, and ends with `report`.
#
# In the environment: COFFER, the binary (./coffer).
set -u

coffer=${COFFER:-$PWD/coffer}
filled=$PWD/server/install
passing=0 failing=0 skipped=0 server=

scratch=$(mktemp -d "${TMPDIR:-/tmp}/coffer-install.XXXXXX") || exit 99
clean_up()
{
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# check SENTENCE COMMAND...: whether it succeeds; what it said is shown when it does not.
check()
{
    sentence=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        passing=$((passing + 1))
    else
        failing=$((failing + 1))
        echo "failed: $sentence"
        sed 's/^/    | /' "$scratch/said" | tail -n 20
    fi
}

# skip SENTENCE REASON
skip()
{
    skipped=$((skipped + 1))
    echo "[SKIP] $1: $2"
}

has()
{
    command -v "$1" >/dev/null
}

# The names of all commands but serve, which main.c has, one a line: of the program's own help.
commands()
{
    "$coffer" --help | sed -n 's/^  \([a-z][a-z]*\( [a-z][a-z]*\)\{0,1\}\)  .*/\1/p' | grep -vx serve
}

# The options of a command: of its own help.
options_of()
{
    # shellcheck disable=SC2086 # a command may be two words
    "$coffer" $1 --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p'
}

# Whether the command says nothing at all.
is_silent()
{
    "$@" >"$scratch/silent" 2>&1
    cat "$scratch/silent"
    [ ! -s "$scratch/silent" ]
}

report()
{
    if [ $((passing + failing)) -eq 0 ]; then
        echo "skipped: nothing of what this needs is installed"
        exit 77
    fi
    echo "Tested: $((passing + failing)) | Passing: $passing | Failing: $failing | Crashing: 0"
    [ $failing -eq 0 ]
    exit
}
