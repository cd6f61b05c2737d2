# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared with docker/test-image and its other parts
#
# Part of docker/test-image: the files that tell engines and CI services how to use the images.
# They are validated against their schemas, and carried out as far as that takes no engine.

# The programs that know the schemas, below $cache; where they cannot be installed, $validators stays empty.
install_validators()
{
    if has_validators || fetch_validators; then
        validators=$cache/validators/bin
    else
        say "SKIP: image: the validators of docker/validators.txt cannot be installed here"
    fi
}

has_validators()
{
    cmp -s docker/validators.txt "$cache/validators/.installed"
}

fetch_validators()
{
    local venv=$cache/validators
    rm -rf "$venv"
    python3 -m venv "$venv" >"$work/log" 2>&1 &&
        timeout 300 "$venv/bin/pip" install --require-hashes --only-binary :all: --no-input \
            --quiet --requirement docker/validators.txt >"$work/log" 2>&1 &&
        cp docker/validators.txt "$venv/.installed"
}

has_schema()
{
    "$validators/check-jsonschema" --builtin-schema "vendor.$1" "${@:2}"
}

# For what the packages have no schema of.
has_own_schema()
{
    "$validators/check-jsonschema" --schemafile "docker/schemas/$1.json" "$2"
}

# The schema is seen to refuse: has_own_schema, with a file that is made wrong by sed's script.
refuses_wrong()
{
    sed "$3" "$2" >"$work/wrong-${2##*/}"
    differ "$2" "$work/wrong-${2##*/}" && not has_own_schema "$1" "$work/wrong-${2##*/}"
}

is_of_kubernetes()
{
    "$validators/kubernetes-validate" --strict "$1"
}

check_schemas()
{
    [ -n "$validators" ] || return 0
    check "compose.yaml has the schema of compose files" \
        has_schema compose-spec docker/compose.yaml docker/devcontainer/compose.yaml
    check "the workflow has the schema of GitHub" \
        has_schema github-workflows docker/examples/github-actions.yaml
    check "the job has the schema of GitLab" \
        has_schema gitlab-ci --data-transform gitlab-ci docker/examples/gitlab-ci.yaml
    check "the manifest has the schemas of Kubernetes" \
        is_of_kubernetes docker/kubernetes/coffer.yaml
    check "the kustomization has its schema" \
        has_own_schema kustomization docker/kubernetes/kustomization.yaml
    check "a kustomization with an unknown field is refused" \
        refuses_wrong kustomization docker/kubernetes/kustomization.yaml 's/newTag/newtag/'
    check "the devcontainer has its schema" \
        has_own_schema devcontainer docker/devcontainer/devcontainer.json
    check "a devcontainer with an unknown value is refused" \
        refuses_wrong devcontainer docker/devcontainer/devcontainer.json 's/"silent"/"quiet"/'
}

# look FILE FILTER: what jq's filter makes of a YAML file.
look()
{
    python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' \
        "$1" | jq -r "$2"
}

# NAME=VALUE lines of an object in a YAML file.
variables()
{
    look "$1" "$2 | to_entries[] | \"\(.key)=\(.value)\""
}

# Everything a kustomization and a devcontainer name is there.
names_what_is_there()
{
    local file
    for file in $(look docker/kubernetes/kustomization.yaml '.resources[]'); do
        [ -f "docker/kubernetes/$file" ] || return 1
    done
    for file in $(jq -r '.dockerComposeFile[]' docker/devcontainer/devcontainer.json); do
        [ -f "docker/devcontainer/$file" ] || return 1
    done
    jq -r '.service, .runServices[]' docker/devcontainer/devcontainer.json | while read -r file; do
        { look docker/compose.yaml '.services | keys[]'
            look docker/devcontainer/compose.yaml '.services | keys[]'; } | grep -x "$file" >/dev/null ||
            return 1
    done
}

selects_its_own_pods()
{
    local labels
    labels=$(python3 -c '
import sys, yaml
service, workload = yaml.safe_load_all(open("docker/kubernetes/coffer.yaml"))
labels = workload["spec"]["template"]["metadata"]["labels"]
ports = {p["name"] for p in workload["spec"]["template"]["spec"]["containers"][0]["ports"]}
assert service["spec"]["selector"].items() <= labels.items()
assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
assert {p["targetPort"] for p in service["spec"]["ports"]} <= ports
assert workload["spec"]["serviceName"] == service["metadata"]["name"]
') && [ -z "$labels" ]
}

# run_script HOST-LINES ENVIRONMENT-FILE SCRIPT-FILE: a script of a manifest, where the network's names
# are those of the lines.
run_script()
{
    local environment
    mapfile -t environment <"$2"
    mkdir -p "/etc/netns/cofr$$-client"
    printf '127.0.0.1 localhost\n%s\n' "$1" >"/etc/netns/cofr$$-client/hosts"
    timeout 60 ip netns exec "cofr$$-client" env -i PATH="$PATH" "${environment[@]}" \
        sh -ec "$(cat "$3")"
}

lists_keys()
{
    run_script "$@" >"$work/listed" && jq -e '.value | type == "array"' "$work/listed" || {
        cat "$work/listed"
        return 1
    }
}

# As compose.yaml has it: coffer, then what fetches the certificate, then the service.
check_compose()
{
    local file=docker/compose.yaml where
    mkdir -p "$work/state" "$work/tmp"
    chmod 1777 "$work/state" "$work/tmp"
    mapfile -t extra < <(variables $file .services.coffer.environment)
    volume=$work/state tmp=$work/tmp flags=ro low_ports=yes
    start compose
    check "compose: coffer is ready on the port of https" await compose
    check "compose: it is healthy" exec_in compose /usr/bin/coffer healthcheck
    where=$(at compose)
    hosts="$where coffer" folder=trust as_user=$(look $file .services.trust.user)
    mapfile -t words < <(look $file '.services.trust.command[]')
    start trust "${words[@]}"
    check "compose: the certificate is put where services find it" ends_well trust
    cp "$(cat "$work/trust.root")/trust/ca.pem" "$work/compose.ca" || true
    variables $file .services.service.environment | sed "s|/trust/ca.pem|$work/compose.ca|" \
        >"$work/script.env"
    look $file '.services.service.command[0]' | sed 's/\$\$/$/g' >"$work/script"
    check "compose: the service lists keys of the real name" lists_keys \
        "$(look $file '.services.coffer.networks.default.aliases | join(" ")' | sed "s/^/$where coffer /")" \
        "$work/script.env" "$work/script"
    check "compose: each alias is served as a vault of its domain" compose_serves_aliases
    authority=$vault:8443
    signal compose TERM
}

compose_serves_aliases()
{
    local alias
    for alias in $(look docker/compose.yaml '.services.coffer.networks.default.aliases[]'); do
        authority=$alias:443
        challenge_says compose "${alias#*.}" 443 || { say "not $alias"; return 1; }
    done
}

# It ends by itself, with status 0.
ends_well()
{
    local status=0
    cat "$work/$1.out" >/dev/null
    wait "$(cat "$work/$1.shell")" || status=$?
    cat "$work/$1.err"
    same 0 "$status"
}

check_gitlab()
{
    local file=docker/examples/gitlab-ci.yaml alias
    alias=$(look $file '.test.services[0].alias')
    mapfile -t extra < <(variables $file '.test.services[0].variables')
    start gitlab
    check "GitLab: the service is ready" await gitlab
    variables $file .test.variables >"$work/script.env"
    look $file '(.test.before_script[1:] + .test.script)[]' | sed "s|/tmp/coffer-ca|$work/gitlab-ca|" \
        >"$work/script"
    check "GitLab: the job lists keys" lists_keys "$(at gitlab) $alias" "$work/script.env" \
        "$work/script"
    signal gitlab TERM
}

# The steps of the workflow, on a machine whose loopback leads to the service.
check_github()
{
    local file=docker/examples/github-actions.yaml
    mapfile -t extra < <(variables $file .jobs.test.services.coffer.env)
    extra+=(COFFER_LISTEN=localhost)
    start github
    check "GitHub: the service is ready" await github
    mkdir -p "$work/runner" "/etc/netns/cofr$$-github"
    echo '127.0.0.1 localhost' >"/etc/netns/cofr$$-github/hosts"
    look $file '.jobs.test.steps[1].run' | sed 's/sudo tee -a .*/cat/' >"$work/script"
    check "GitHub: the first step prepares the environment" timeout 60 \
        ip netns exec "cofr$$-github" env RUNNER_TEMP="$work/runner" GITHUB_ENV="$work/runner/env" \
        sh -ec "$(cat "$work/script")"
    look $file '.jobs.test.steps[2].run' >"$work/script"
    check "GitHub: the tests list keys" github_lists_keys
    signal github TERM
}

github_lists_keys()
{
    local environment
    mapfile -t environment <"$work/runner/env"
    timeout 60 ip netns exec "cofr$$-github" env "${environment[@]}" \
        SSL_CERT_FILE="$work/runner/coffer-ca.pem" sh -ec "$(cat "$work/script")" |
        jq -e '.value | type == "array"'
}

# With the variables of the kustomization and those that a cluster sets for the service.
check_kubernetes()
{
    local url
    mapfile -t extra < <(look docker/kubernetes/kustomization.yaml \
        '.configMapGenerator[0].literals[]')
    extra+=(COFFER_SERVICE_HOST=10.3.0.7 COFFER_PORT=tcp://10.3.0.7:8443)
    mkdir -p "$work/state-k8s" "$work/tmp" && chgrp 0 "$work/state-k8s" && chmod 2775 "$work/state-k8s"
    volume=$work/state-k8s tmp=$work/tmp flags=ro
    start cluster
    check "Kubernetes: the pod is ready" await cluster
    check "Kubernetes: its probe succeeds" exec_in cluster /usr/bin/coffer healthcheck
    check "Kubernetes: clients meet it" meet cluster
    authority=coffer.default.svc:8443
    check "Kubernetes: the challenge names the domain of the service" \
        challenge_says cluster default.svc:8443
    check "Kubernetes: ids name the service" ids_say cluster
    authority=$vault:8443
    signal cluster TERM
}

# The variants of the manifests that do not name one are run with the last image that was built.
check_manifests()
{
    check_schemas
    check "everything that is named is there" names_what_is_there
    check "the service selects its own pods" selects_its_own_pods
    image=$1
    add_address "cofr$$-client"
    check_compose
    check_gitlab
    check_github
    check_kubernetes
    ip netns del "cofr$$-client"
    rm -rf "/etc/netns/cofr$$-client" "/etc/netns/cofr$$-github"
}
