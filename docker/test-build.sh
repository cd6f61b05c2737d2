# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of docker/test-image
#
# Part of docker/test-image: the base, the builds, and whether two of them are the same.

# Only what is missing: a machine that has everything needs no network for this.
install_tools()
{
    local package missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    attempt apt-get -q update || skip "the package lists cannot be fetched"
    attempt env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${missing[@]}" || skip "cannot install ${missing[*]}"
}

# Runs a command; its output goes to the log.
attempt()
{
    timeout -k 10 900 "$@" >"$work/log" 2>&1 </dev/null
}

# Runs a command; shows its output only when it fails.
quietly()
{
    attempt "$@" || {
        tail -n 40 "$work/log" >&2
        say "failed: $*" >&2
        exit 1
    }
}

# The kernel's overlay where it works; otherwise a full copy for each layer.
storage_driver()
{
    local try=$cache/try-$$ options
    mkdir -p "$try/"{lower,upper,layers,merged}
    options=lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/layers
    if mount -t overlay overlay "$try/merged" -o "$options" 2>/dev/null; then
        umount "$try/merged"
        echo overlay
    else
        echo vfs
    fi
    rm -rf "$try"
}

# Two runs with one cache would remove each other's layers, so the second waits for the first. The lock
# is held until this process and all that it started have ended.
lock_cache()
{
    exec {cache_lock}>"$cache/lock"
    flock --nonblock "$cache_lock" && return 0
    say "waiting for another run that uses $cache"
    flock --timeout 1800 "$cache_lock" || {
        say "failed: another run has used $cache for half an hour" >&2
        exit 1
    }
}

prepare_storage()
{
    local driver
    lock_cache
    driver=$(storage_driver)
    cat >"$work/storage.conf" <<END
[storage]
driver = "$driver"
runroot = "$cache/$driver-run"
graphroot = "$cache/$driver"
END
    export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot
}

# What an engine does to run something. Some machines, containers above all, do not allow it, and that
# says nothing about the images.
demand_privileges()
{
    mkdir -p "$work/try"
    # shellcheck disable=SC2016 # for the inner shell
    attempt unshare --mount --pid --uts --ipc --net --fork --kill-child sh -ec '
        mount --make-rprivate /
        mount -t proc proc "$1"
        mount -t tmpfs tmpfs "$1"
        mknod -m 666 "$1/null" c 1 3
        echo >"$1/null"
        ip link add coffer0 type bridge' sh "$work/try" ||
        skip "namespaces, mounts, devices or bridges cannot be made here"
    attempt buildah from --name "coffer-try-$$" scratch || skip "buildah cannot store images here"
    quietly buildah rm "coffer-try-$$"
}

# Building also fetches packages into images.
demand_packages()
{
    quietly buildah from --pull=never --name "coffer-try-$$" localhost/debian:bookworm-slim
    containers+=("coffer-try-$$")
    attempt buildah run "coffer-try-$$" -- true || skip "buildah cannot run anything here"
    attempt buildah run "coffer-try-$$" -- apt-get -q --error-on=any update ||
        skip "images cannot fetch packages here"
}

has_image()
{
    buildah inspect --type image "$1" >/dev/null 2>&1
}

# commit_container CONTAINER NAME: an image of the container, which is gone then.
commit_container()
{
    quietly buildah commit -q --timestamp 0 "$1" "$2"
    quietly buildah rm "$1"
}

# As debian:bookworm-slim is made: the smallest variant, without documentation and caches.
make_debian()
{
    local container
    say "making a base with debootstrap"
    rm -rf "$work/root"
    # shellcheck disable=SC2086 # one word or none
    attempt debootstrap --variant=minbase bookworm "$work/root" ${DEBIAN_MIRROR-} ||
        skip "debootstrap cannot make a Debian here"
    mkdir -p "$work/root/etc/dpkg/dpkg.cfg.d"
    printf 'path-exclude /usr/share/%s/*\n' doc man locale info \
        >"$work/root/etc/dpkg/dpkg.cfg.d/slim"
    echo 'path-include /usr/share/doc/*/copyright' >>"$work/root/etc/dpkg/dpkg.cfg.d/slim"
    tar -C "$work/root" --sort=name --exclude=./var/cache/apt --exclude=./var/lib/apt/lists \
        --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
        --exclude='./usr/share/info/*' --exclude='./var/log/*' --exclude='./dev/*' \
        -cf "$work/base.tar" .
    rm -rf "$work/root"
    container=$(buildah from scratch)
    quietly buildah add -q "$container" "$work/base.tar" /
    quietly buildah config --cmd bash "$container"
    commit_container "$container" localhost/debian:bookworm-slim
    rm "$work/base.tar"
}

# The base with what the Dockerfiles fetch and make for building, made anew when that changes. What
# gcc makes is kept in a cache.
make_builder()
{
    local container
    say "making a base to build in"
    container=$(buildah from --pull=never localhost/debian:bookworm-slim)
    quietly buildah copy -q "$container" bootstrap /src/bootstrap
    quietly buildah copy -q "$container" docker/libcurl /src/docker/libcurl
    quietly buildah run "$container" -- /src/bootstrap packages ccache
    quietly buildah run "$container" -- /src/docker/libcurl
    quietly buildah config --env CC='ccache gcc' --env CCACHE_DIR=/mnt "$container"
    commit_container "$container" "$builder"
}

make_base()
{
    builder=$({ cat bootstrap docker/libcurl; declare -f make_builder; } | sha256sum)
    builder=localhost/coffer-builder:${builder:0:16}
    has_image localhost/debian:bookworm-slim || make_debian
    demand_packages
    has_image "$builder" || make_builder
}

# The origin that the images name, read once, so that a commit during the run makes no difference. The
# time is that of the last commit, as in other reproducible builds.
read_source()
{
    epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
    revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
}

# build TAG [OPTION...]: the image by its file, as localhost/coffer:TAG. No layer is taken from a cache
# or kept for one: the history of those names the images in between, which have random names.
build()
{
    local file=docker/Dockerfile tag=$1
    shift
    [ "$image" = slim ] || file+=.$image
    quietly buildah build --isolation chroot --pull=never --format docker --no-cache \
        --timestamp "$epoch" --build-arg BUILDER="$builder" \
        --build-arg REVISION="$revision" \
        -f "$file" -t "localhost/coffer:$tag" "$@" .
}

# Of the manifest that a registry would get. What buildah keeps is in Docker's form, because only that
# has health checks, and has the name of the container in it that the image was built in.
digest()
{
    rm -rf "$work/pushed"
    quietly buildah push --format oci "localhost/coffer:$1" "dir:$work/pushed"
    sha256sum <"$work/pushed/manifest.json"
    rm -rf "$work/pushed"
}

layers()
{
    buildah inspect --type image "localhost/coffer:$1" | jq -r '.OCIv1.rootfs.diff_ids[]'
}

# The size of its files in bytes, each file counted once.
measure()
{
    find "$1" -xdev -type f -printf '%D:%i %s\n' | sort -u | awk '{ sum += $2 } END { print sum }'
}

build_image()
{
    # Debian has this folder; one that it does not have would be left behind in the image
    local began=$SECONDS options=(--volume "$cache/ccache:/mnt")
    mkdir -p "$cache/ccache"
    build "$image" "${options[@]}"
    say "built in $((SECONDS - began)) s"
    began=$SECONDS
    [ "$image" = "${images[0]}" ] && options=() # one image is enough to show that gcc's output is the same twice
    build "$image-again" "${options[@]}"
    say "built again in $((SECONDS - began)) s"
    check "two builds have the same layers" same "$(layers "$image")" "$(layers "$image-again")"
    check "two builds have the same digest" same "$(digest "$image")" "$(digest "$image-again")"
    quietly buildah rmi "localhost/coffer:$image-again"
}

# Leaves what the next run can use: the bases, and the images themselves. A run that ended before it had
# its own storage must not touch anybody else's.
forget_layers()
{
    [ -s "$work/storage.conf" ] || return 0
    buildah rmi --prune >/dev/null 2>&1 || true
}

same()
{
    [ "$1" = "$2" ] || { printf '%s\nis not\n%s\n' "$1" "$2"; return 1; }
}
