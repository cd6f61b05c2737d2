# SPDX-License-Identifier: Apache-2.0
#
# What the suites of the modules below docker/testcontainers have in common; they are made like those
# of the SDKs, with the same four functions and the same variables. There is no container engine: a
# module's client is driven against the coffer that was just built, its container is looked at.
#
#   demand_tools, install_packages, count_tests   as in tests/sdk/suite.sh
#   run_tests       runs all tests; a language that cannot start coffer has one by `with_server`

. "$source/../../sdk/suite.sh"

package=$source/../../../docker/testcontainers/$language
folder=$PWD/tests/modules/$language/suite
# shellcheck disable=SC2034 # each run has its own
examples=$source/../../../docs/examples
case $coffer in
    /*) ;;
    *) coffer=$PWD/$coffer ;;
esac

# copy_package FILE...: these of the package, where something may be written.
copy_package()
{
    mkdir -p "$folder/package"
    (cd "$package" && tar -cf - "$@") | tar -xf - -C "$folder/package"
    chmod -R u+w "$folder/package"
}

# take_example NAME: prints the block of docs/container.md whose first line is a comment with that name:
# what the page shows is what runs.
take_example()
{
    awk -v name="$1" '
        /^```/ { inside = !inside; first = inside; next }
        inside && first { taken = $NF == name; first = 0 }
        inside && taken { print; lines++ }
        END { exit lines == 0 }' "$source/../../../docs/container.md" || {
        echo "docs/container.md has no example $1" >&2
        exit 1
    }
}

# with_server COMMAND...: its environment has no more of coffer than the URL of the control port, so
# whatever it trusts it has by the module.
with_server()
{
    verdict=0
    start_server prompt
    control=$(sed 's/.*"control_url":"\([^"]*\)".*/\1/' "$data/run.json")
    COFFER_CONTROL_URL=$control "$@" || verdict=1
    stop_server || verdict=1
    [ $verdict -eq 0 ] || cat "$scratch/log"
    return $verdict
}

# Nothing that it is made of has changed since: tests that run now keep what they run from.
is_brought()
{
    [ -f "$folder/.brought" ] && [ -z "$(find "$package" "$source" "$examples" \
        "$source/../../../docs/container.md" -newer "$folder/.brought" -print -quit)" ]
}

bring_packages()
{
    is_brought && return 0
    rm -f "$folder/.brought"
    touch "$folder/.bringing"
    install_packages
    mv "$folder/.bringing" "$folder/.brought"
}

run_suite()
{
    failed=0
    [ -z "${SDK_SKIP-}" ] || skip "$SDK_SKIP"
    unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
    demand_tools
    demand_names
    # Whoever else brings the same packages at this moment is waited for.
    mkdir -p "$folder"
    exec 9>"$folder/.lock"
    flock 9
    bring_packages
    exec 9>&-
    [ "${SDK_ONLY-}" != packages ] || exit 0
    run_tests || failed=1
    report
    exit $failed
}
