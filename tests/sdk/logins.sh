# SPDX-License-Identifier: Apache-2.0
#
# Who logs in, and with what, for the suites of the SDKs: suite.sh reads this in. The application
# `robot` and the managed identity `machine` are registered; what they need is what
# `coffer env --identity NAME --as WAY` prints.
#
# In the environment of the tests:
#   SDK_LOGINS            a folder of WAY.json, the variables that coffer prints for each way
#   SDK_TENANT            the GUID of the tenant
#   SDK_CLIENT_ID         the application's
#   SDK_CERTIFICATE_P12   its certificate and key in PKCS #12, without a password
#   SDK_AUTHORITY         coffer's authority
#   SDK_CONTROL           its control port

robot_id=5b1f7c7e-2f0a-4c55-9f53-0d7a41c7b6a1
robot_tenant=8a6ae6a8-1b55-4a4b-8a19-6a8f1e4b2f30
robot="robot,type=application,client-id=$robot_id"
machine=machine,type=user-assigned
ways='robot:secret robot:certificate robot:workload machine:app-service machine:imds machine:arc'

# member_of FILE NAME: a text or number of a JSON object.
member_of()
{
    tr ',{}' '\n' <"$1" | sed -n "s/^[[:space:]]*\"$2\":[[:space:]]*\"\{0,1\}\([^\"]*\)\"\{0,1\}[[:space:]]*$/\1/p"
}

describe_logins()
{
    export XDG_CACHE_HOME="$scratch/cache" SDK_LOGINS="$scratch/logins"
    mkdir -p "$XDG_CACHE_HOME" "$SDK_LOGINS"
    for way in $ways; do
        "$coffer" env --data "$data" --identity "${way%:*}" --as "${way#*:}" --format json \
            >"$SDK_LOGINS/${way#*:}.json"
    done
    openssl pkcs12 -export -passout pass: -out "$scratch/robot.p12" \
        -in "$(member_of "$SDK_LOGINS/certificate.json" AZURE_CLIENT_CERTIFICATE_PATH)"
    export SDK_CERTIFICATE_P12="$scratch/robot.p12" SDK_CLIENT_ID="$robot_id"
    SDK_TENANT=$robot_tenant
    SDK_AUTHORITY=https://login.localhost:$(member_of "$data/run.json" port)
    SDK_CONTROL=http://127.0.0.1:$(member_of "$data/run.json" control_port)
    export SDK_TENANT SDK_AUTHORITY SDK_CONTROL
}
