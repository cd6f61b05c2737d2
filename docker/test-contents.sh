# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared with docker/test-image and test-run.sh
#
# Part of docker/test-image: what has to hold of an image before anything of it runs.

has_config()
{
    same "$2" "$(config "$1")"
}

runs_as_nobody()
{
    [[ $(config User) =~ ^[1-9][0-9]*(:[0-9]+)?$ ]] || { config User; return 1; }
}

has_label()
{
    [ -n "$(config "Labels[\"org.opencontainers.image.$1\"] // \"\"")" ]
}

# What may be written to by anybody is the folder for state, and /tmp.
writes_nowhere_else()
{
    local found
    found=$(find "$root" -xdev ! -type l -perm -0002 ! -path "$root/tmp" ! -path "$root/var/tmp" \
        ! -path "$root/run/lock" ! -path "$root/var/lib/coffer" ! -path "$root/dev/*" \
        ! -path "$root/proc/*" -print)
    [ -z "$found" ] || { say "$found"; return 1; }
}

is_roots_own()
{
    same '0 0 755' "$(stat -c '%u %g %a' "$root/usr/bin/coffer")" &&
        same '65532 0 1777' "$(stat -c '%u %g %a' "$root/var/lib/coffer")"
}

# None of the folders that exist only during the build.
has_usual_folders()
{
    local known=' bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp'
    local path
    known+=' usr var '
    for path in "$root"/*; do
        [[ $known == *" ${path##*/} "* ]] || { say "$path"; return 1; }
    done
}

# A program that switches users has no business in an image without users.
has_no_setuid()
{
    local found
    found=$(find "$root" -xdev -type f -perm /6000 -print)
    [ -z "$found" ] || { say "$found"; return 1; }
}

has_no_shell()
{
    local found
    found=$(find "$root" -xdev \( -name sh -o -name bash -o -name dash -o -name busybox \
        -o -name 'apt*' -o -name perl \) ! -path "$root/var/lib/dpkg/*" -print)
    [ -z "$found" ] || { say "$found"; return 1; }
}

is_at_most()
{
    say "$1 bytes, at most $2"
    [ "$1" -le "$2" ]
}

has_bill()
{
    local bill=$output/coffer-$image.spdx.json version
    version=$(config 'Labels["org.opencontainers.image.version"]')
    docker/sbom "$root" "coffer-$image" "$version" "$epoch" >"$bill" &&
        jq -e '.spdxVersion == "SPDX-2.3" and .SPDXID == "SPDXRef-DOCUMENT"
            and (.packages | map(.name) | contains(["coffer", "libsofthsm2", "libc6", "libssl3"]))
            and ([.packages[].SPDXID] | length == (unique | length))
            and ([.relationships[].relatedSpdxElement] - [.packages[].SPDXID] == [])' "$bill"
}

# All that the specification of SPDX 2.3 demands, by the tool of its authors.
is_valid_bill()
{
    "$validators/pyspdxtools" --infile "$1"
}

refuses_wrong_bill()
{
    jq '.dataLicense = "CC-BY-4.0"' "$1" >"$work/wrong.spdx.json"
    not is_valid_bill "$work/wrong.spdx.json"
}

check_bill()
{
    local bill=$output/coffer-$image.spdx.json
    check "has a bill of materials" has_bill
    [ -n "$validators" ] || return 0
    check "has a bill of materials that is valid SPDX 2.3" is_valid_bill "$bill"
    check "has its validator refuse a bill under other terms" refuses_wrong_bill "$bill"
}

check_contents()
{
    local bytes max=${image}_max
    mount_image
    bytes=$(measure "$root")
    say "$image: $bytes bytes of files"
    check "is at most ${!max} bytes" is_at_most "$bytes" "${!max}"
    check "runs as nobody, by number" runs_as_nobody
    check "stops by SIGTERM" has_config StopSignal SIGTERM
    check "has a health check without a shell" \
        has_config 'Healthcheck.Test | join(" ")' 'CMD /usr/bin/coffer healthcheck'
    check "says its ports" has_config 'ExposedPorts | keys | join(" ")' '8080/tcp 8443/tcp'
    check "has a volume for state" has_config 'Volumes | keys | join(" ")' /var/lib/coffer
    check "starts the program without a shell" \
        has_config 'Entrypoint + .Docker.config.Cmd | join(" ")' '/usr/bin/coffer serve'
    for label in title description licenses version revision; do
        check "has the label $label" has_label "$label"
    done
    check "has the program and the state folder with the right owners and modes" is_roots_own
    check "can be written to nowhere else" writes_nowhere_else
    check "has no folders but the usual ones" has_usual_folders
    if [ "$image" = scratch ]; then
        check "has no shell and no package manager" has_no_shell
        check "has nothing that changes the user" has_no_setuid
    fi
    check_bill
}
