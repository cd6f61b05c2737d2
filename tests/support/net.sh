#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Holds the net? Gives tests/run-checked and tests/driver programs that must fail although they
# end like good ones, and a few that must pass. A finding that slips through fails this test.
#
# In the environment: SANITIZERS as configured, CHECK_UNDER as for run-checked.
set -u

tests=$(cd "$(dirname "$0")/.." && pwd) || exit 99
programs=$PWD/tests/support
scratch=$(mktemp -d "${TMPDIR:-/tmp}/net.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

under=${CHECK_UNDER-}
unset CHECK_UNDER # the scripts below are not valgrind's business

passing=0
failing=0
tally()
{
    if [ "$1" = 0 ]; then
        passing=$((passing + 1))
    else
        failing=$((failing + 1))
        echo "net: $2"
        sed 's/^/    | /' "$scratch/said"
    fi
}

# expect STATUS TEXT COMMAND...: run-checked ends with STATUS and says TEXT.
expect()
{
    status=$1
    text=$2
    shift 2
    "$tests/run-checked" "$@" >"$scratch/said" 2>&1
    got=$?
    [ $got -eq "$status" ] && grep -q -e "$text" "$scratch/said"
    tally $? "$*: wanted status $status and '$text', got status $got"
}

# counts TEXT COMMAND...: the driver sums up a program with TEXT.
counts()
{
    text=$1
    shift
    "$tests/driver" --test-name it --log-file "$scratch/it.log" --trs-file "$scratch/it.trs" \
        -- "$@" >"$scratch/said" 2>&1
    [ "$(cat "$scratch/said")" = "$text" ]
    tally $? "$*: wanted '$text'"
}

# results LINES: what the driver left for automake's totals, sorted.
results()
{
    [ "$(sort "$scratch/it.trs" | sed -n 's/^:test-result: \([A-Z]*\) it$/\1/p' | xargs)" = "$1" ]
    tally $? "wanted the results '$1' in the .trs file"
}

# A script of that name that prints a text and ends with a status.
script()
{
    printf '#!/bin/sh\necho "%s"\nexit %s\n' "$2" "$3" >"$scratch/$1"
    chmod +x "$scratch/$1"
}

script test_silent "all is well" 0
script test_empty "Synthesis: Tested: 0 | Passing: 0 | Failing: 0 | Crashing: 0" 0
script test_good "Synthesis: Tested: 3 | Passing: 3 | Failing: 0 | Crashing: 0" 0
script test_bad "Synthesis: Tested: 4 | Passing: 1 | Failing: 2 | Crashing: 1" 1
script test_liar "Synthesis: Tested: 4 | Passing: 1 | Failing: 2 | Crashing: 1" 0
script test_three "Synthesis: Tested: 3 | Passing: 3 | Failing: 0 | Crashing: 0" 3
script plain "nothing to count" 0
script missing "no token here" 77
script unable "no such thing" 99
script races "WARNING: ThreadSanitizer: data race (pid=1)" 0
script overruns "==1==ERROR: AddressSanitizer: heap-buffer-overflow" 0
script overflows "a.c:1:2: runtime error: signed integer overflow" 0
printf '#!/bin/sh\nkill -KILL $$\n' >"$scratch/dies"
printf '#!/bin/sh\nexec sleep 30\n' >"$scratch/sleeps"
chmod +x "$scratch/dies" "$scratch/sleeps"

expect 0 'Passing: 3' "$scratch/test_good"
expect 0 'nothing to count' "$scratch/plain"
expect 77 'no token here' "$scratch/missing"
expect 99 'no such thing' "$scratch/unable"
expect 1 'exit status 3' "$scratch/test_three"
expect 1 'no synthesis' "$scratch/test_silent"
expect 1 'no synthesis' "$scratch/test_empty"
expect 1 'was killed' "$scratch/dies"
expect 1 'ThreadSanitizer' "$scratch/races"
expect 1 'AddressSanitizer' "$scratch/overruns"
expect 1 'signed integer overflow' "$scratch/overflows"
expect 1 'exit status 12[67]' "$scratch/is-not-there"
export CHECK_TIMEOUT=1
expect 1 'took longer than 1 s' "$scratch/sleeps"
unset CHECK_TIMEOUT

counts 'PASS: it: 3 passed' "$scratch/test_good"
results 'PASS PASS PASS'
counts 'FAIL: it: 1 passed, 3 failed' "$scratch/test_bad"
results 'FAIL FAIL FAIL PASS'
counts 'FAIL: it: 1 passed, 3 failed' "$scratch/test_liar"
counts 'FAIL: it: 3 passed, 1 failed' "$scratch/test_three"
results 'FAIL PASS PASS PASS'
counts 'PASS: it: 1 passed' "$scratch/plain"
counts 'SKIP: it: no token here' "$scratch/missing"
results 'SKIP'
counts 'ERROR: it: 0 passed' "$scratch/unable"
results 'ERROR'

# The real thing, for what this build can find.
case ,${SANITIZERS-}, in
    *,thread,*) ;;
    *) expect 0 'Passing: 1' "$programs/test_broken" --filter broken/passes
       expect 1 'no test in it' "$programs/test_broken" --filter broken/nothing
       export CHECK_TIMEOUT=60
       expect 1 'the daemon died of signal 9' "$programs/test_bereaved"
       unset CHECK_TIMEOUT
       left=$(sed -n 's/.* the end of its log, \(.*\)\.log:$/\1/p' "$scratch/said")
       [ -z "$left" ] || rm -rf "$left" "$left.log" ;;
esac
leaks()
{
    expect 1 "$1" "$programs/test_broken" --filter broken/leaks
    expect 1 "$1" "$programs/test_broken" --filter broken/leaks_in_a_silent_child
}
case ,${SANITIZERS-}, in
    *,address,*) leaks 'LeakSanitizer' ;;
esac
case ,${SANITIZERS-}, in
    *,undefined,*)
        expect 1 'signed integer overflow' \
            "$programs/test_broken" --filter broken/overflows ;;
esac
case ,${SANITIZERS-}, in
    *,thread,*) expect 1 'ThreadSanitizer: data race' "$programs/race" ;;
esac
if [ "$under" = valgrind ]; then
    export CHECK_UNDER=valgrind
    expect 0 'Passing: 1' "$programs/test_broken" --filter broken/passes
    leaks 'definitely lost'
fi

echo "Tested: $((passing + failing)) | Passing: $passing | Failing: $failing | Crashing: 0"
[ $failing -eq 0 ]
