# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of docker/test-image
#
# Part of docker/test-image: starts an image's process as an engine would, in namespaces, with an
# address of its own on a network of the test's, so that clients come from outside.

bridge=cofr$$
v4=198.18.$(($$ % 256)) # of the range for tests of networks (RFC 2544)
v6=fd42:c0ff:e100:$(printf %x $(($$ % 65536)))
next_address=10

make_network()
{
    ip link add "$bridge" type bridge
    ip addr add "$v4.1/24" dev "$bridge"
    ip -6 addr add "$v6::1/64" dev "$bridge" nodad 2>/dev/null || v6=
    ip link set "$bridge" up
}

remove_network()
{
    ip link del "$bridge" 2>/dev/null || true
}

# A namespace NAME with the next free address, which is left in $address.
add_address()
{
    local link=cofv$$n$next_address
    address=$next_address
    next_address=$((next_address + 1))
    ip netns add "$1"
    ip link add "$link" type veth peer name eth0 netns "$1"
    ip link set "$link" master "$bridge" up
    ip -n "$1" link set lo up
    ip -n "$1" addr add "$v4.$address/24" dev eth0
    [ -z "$v6" ] || ip -n "$1" -6 addr add "$v6::$address/64" dev eth0 nodad
    ip -n "$1" link set eth0 up
}

# The folder of a fresh container of the image, left in $root.
mount_image()
{
    local container
    container=$(buildah from --pull=never "localhost/coffer:$image")
    containers+=("$container")
    root=$(buildah mount "$container")
}

config()
{
    buildah inspect --type image "localhost/coffer:$image" | jq -r ".Docker.config.$1"
}

# A control group that limits the memory of an instance: its folder, or nothing where none can be made.
make_memory_group()
{
    local folder
    if [ -d /sys/fs/cgroup/memory ]; then
        folder=/sys/fs/cgroup/memory/coffer-image-$$
        mkdir -p "$folder" && echo "$1" >"$folder/memory.limit_in_bytes" && echo "$folder"
    elif grep -qs memory /sys/fs/cgroup/cgroup.subtree_control; then
        folder=/sys/fs/cgroup/coffer-image-$$
        mkdir -p "$folder" && echo "$1" >"$folder/memory.max" &&
            echo 0 >"$folder/memory.swap.max" && echo "$folder"
    fi
}

# The most that the group has used, in bytes.
memory_peak()
{
    cat "$1/memory.max_usage_in_bytes" 2>/dev/null || cat "$1/memory.peak"
}

#
# start NAME [ARGUMENT...]: an instance of the image, with the arguments, or else with the image's
# own. It takes from variables, which are set before the call and cleared by it: as_user, flags,
# volume, tmp, shm, extra (an array of NAME=VALUE), group (a control group), hosts (lines for /etc/hosts), folder
# (one that is made in the root), low_ports (anybody may listen on those, as docker has it).
#
start()
{
    local name=$1 program environment
    shift
    mount_image
    add_address "cofr$$-$name"
    [ -z "${low_ports-}" ] ||
        ip netns exec "cofr$$-$name" sysctl -q net.ipv4.ip_unprivileged_port_start=0
    [ -z "${hosts-}" ] || printf '%s\n' "$hosts" >"$root/etc/hosts"
    [ -z "${folder-}" ] || mkdir -p "$root/$folder"
    mapfile -t program < <(config 'Entrypoint[]')
    mapfile -t environment < <(config 'Env[]')
    if [ $# -gt 0 ]; then
        program+=("$@")
    else
        mapfile -t -O ${#program[@]} program < <(config 'Cmd[]')
    fi
    mkfifo "$work/$name.out"
    (
        [ -z "${group-}" ] || echo "$BASHPID" >"$group/cgroup.procs"
        exec ip netns exec "cofr$$-$name" \
            unshare --mount --pid --uts --ipc --fork --kill-child docker/enter "$root" \
            "$work/$name.began" "${as_user:-$(config User)}" "${flags:-rw}" "${volume:--}" \
            "${tmp:--}" "${shm:--}" "${environment[@]}" "${extra[@]}" -- "${program[@]}"
    ) >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    echo $! >"$work/$name.shell"
    echo "$root" >"$work/$name.root"
    echo "$address" >"$work/$name.address"
    echo "${as_user:-$(config User)}" >"$work/$name.user"
    printf '%s\n' "${environment[@]}" "${extra[@]}" >"$work/$name.env"
    instances+=("$name")
    as_user='' flags='' volume='' tmp='' shm='' group='' hosts='' folder='' low_ports='' extra=()
}

# Waits for the ready line, and leaves the milliseconds since the process began in $took.
await()
{
    local line now began
    read -r -t 30 line <"$work/$1.out" || { tail -n 5 "$work/$1.err"; return 1; }
    now=$EPOCHREALTIME
    began=$(cat "$work/$1.began")
    took=$(((${now/./} - ${began/./}) / 1000))
    [[ $line == "coffer ready https://"* ]] || { say "$line"; return 1; }
}

# The process of the instance as this machine numbers it: the child of unshare.
pid_of()
{
    cat "/proc/$(cat "$work/$1.shell")/task/"*/children | tr -d ' '
}

# exec_in NAME COMMAND...: as `docker exec`, in the instance, with its user and environment.
exec_in()
{
    local name=$1 environment
    shift
    mapfile -t environment <"$work/$name.env"
    timeout 20 nsenter -t "$(pid_of "$name")" -m -p -n -u -i -- env -i "${environment[@]}" \
        "$(command -v chroot)" --userspec="$(cat "$work/$name.user")" --groups= \
        "$(cat "$work/$name.root")" "$@"
}

# Sends a signal; the status with which it ended then is left in $ended, 124: it has not.
signal()
{
    local i shell
    shell=$(cat "$work/$1.shell")
    kill -s "$2" "$(pid_of "$1")"
    for ((i = 0; i < 300; i++)); do
        kill -0 "$shell" 2>/dev/null || break
        sleep 0.1
    done
    ended=124
    if ! kill -0 "$shell" 2>/dev/null; then
        ended=0
        wait "$shell" || ended=$?
    fi
}

# Ends an instance, or what is left of it.
discard()
{
    local shell
    shell=$(cat "$work/$1.shell")
    kill -KILL "$shell" 2>/dev/null || true
    wait "$shell" 2>/dev/null || true
    ip netns del "cofr$$-$1" 2>/dev/null || true
}
