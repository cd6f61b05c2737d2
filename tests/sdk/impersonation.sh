# SPDX-License-Identifier: Apache-2.0
#
# A network of its own in which coffer has the names of Azure, for the suites of the SDKs: suite.sh
# reads this in. There a hosts file maps the names of the vaults and of the authority to this machine,
# coffer is on 443, and the metadata service of a virtual machine at its real address. So nothing is
# set in a client: it does what it does in Azure, instance discovery and all.
#
# Where the system allows no such network (namespaces of users, networks and mounts), these tests are
# left out and counted as one that was skipped.

azure_names='dev.vault.azure.net locked.vault.azure.net pool.managedhsm.azure.net
    login.microsoftonline.com login.windows.net login.microsoft.com management.azure.com
    graph.microsoft.com'
arc_keys=/var/opt/azcmagent/tokens
azure_place="--listen any --port 443 --control-port 80 --arc-keys $arc_keys"
left_out=0

# Inside: what the clouds have. /var/opt is where the SDKs insist that Azure Arc keeps its keys.
build_azure()
{
    ip link set lo up
    ip address add 169.254.169.254/32 dev lo
    # shellcheck disable=SC2086 # words on purpose
    { echo 127.0.0.1 localhost $azure_names; echo ::1 localhost; } >"$scratch/hosts"
    mount --bind "$scratch/hosts" /etc/hosts
    mount -t tmpfs none /var/opt
    mkdir -p "$arc_keys"
}

# Takes out of the environment what names coffer, but for the trust.
forget_coffer()
{
    unset IDENTITY_ENDPOINT IDENTITY_HEADER MSI_ENDPOINT MSI_SECRET
    unset AZURE_POD_IDENTITY_AUTHORITY_HOST AZURE_AUTHORITY_HOST
    export AZURE_KEYVAULT_URL=https://dev.vault.azure.net KEY_VAULT_URI=https://dev.vault.azure.net
}

leave_out()
{
    echo "Not tried under Azure's names: $*"
    left_out=1
}

count_left_out()
{
    echo "$left_out 0 $left_out"
}

# The same script goes on inside, with the scratch folder of this one.
try_azure()
{
    command -v unshare >/dev/null && command -v ip >/dev/null ||
        { leave_out "unshare or ip is missing (util-linux, iproute2)"; return 0; }
    unshare -rmn true 2>/dev/null ||
        { leave_out "the system allows no network of its own"; return 0; }
    SDK_INSIDE=$scratch unshare -rmn "$0" "$@"
}

run_inside()
{
    build_azure
    try azure "$@"
}
