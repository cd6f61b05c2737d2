#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# given.sh FOLDER: certificates and keys as users give them, good ones and bad ones, by the openssl
# program. They are valid for two days.
set -eu
cd "$1"

config()
{
    printf '[req]\ndistinguished_name=dn\n[dn]\n'
}
config >req.cnf

# root NAME KEYTYPE EXTENSION...: a self-signed certificate and its key.
root()
{
    name=$1
    type=$2
    shift 2
    set -- "$@" -addext "subjectKeyIdentifier=hash"
    # shellcheck disable=SC2086
    openssl req -x509 -config req.cnf -newkey $type -nodes -keyout "$name.key" -out "$name.pem" \
        -days 2 -subj "/CN=$name" "$@" 2>/dev/null
}

# issued NAME ISSUER EXTENSIONS: a certificate that ISSUER signed, with its key.
issued()
{
    printf '%b' "$3" >"$1.ext"
    openssl req -config req.cnf -newkey ec:p256.par -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 \
        -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

openssl genpkey -genparam -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.par 2>/dev/null
ca='-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign'
# shellcheck disable=SC2086
{
    root company ec:p256.par $ca
    root other ec:p256.par $ca
    root rsa rsa:2048 $ca
    root edwards ed25519 $ca
    root constrained ec:p256.par $ca -addext 'nameConstraints=permitted;DNS:test.internal'
}
# shellcheck disable=SC2086
openssl req -x509 -config req.cnf -newkey ec:p256.par -nodes -keyout nameless.key -out nameless.pem \
    -days 2 -subj /CN=nameless $ca -addext subjectKeyIdentifier=none 2>/dev/null
root leaf ec:p256.par -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost
root mute ec:p256.par -addext basicConstraints=critical,CA:TRUE -addext keyUsage=digitalSignature

# a CA below another one, a file with both, and one that is cut off from its root
issued middle company 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
cat middle.pem company.pem >middle-chain.pem

# a CA whose root lets no other CA be below it, and one two below, its file in no order
root short ec:p256.par -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    -addext keyUsage=critical,keyCertSign,cRLSign
issued below short 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
cat below.pem short.pem >below-chain.pem
issued low middle 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
cat low.pem company.pem middle.pem >low-chain.pem

# what clients do not take: short keys, a root without a name, and certificates that are damaged
# shellcheck disable=SC2086
root weak rsa:1024 $ca
issued below-weak weak 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
cat below-weak.pem weak.pem >weak-chain.pem
# shellcheck disable=SC2086
openssl req -x509 -config req.cnf -newkey ec:p256.par -nodes -keyout blank.key -out blank.pem -days 2 \
    -subj / $ca 2>/dev/null
damaged='-----BEGIN CERTIFICATE-----\nbm90aGluZwo=\n-----END CERTIFICATE-----\n'
{ cat company.pem && printf '%b' "$damaged"; } >damaged-second.pem
printf '%b' "$damaged" >damaged.pem
{ cat middle.pem && head -n 5 company.pem; } >cut.pem
cat middle.pem other.pem company.pem rsa.pem >middle-among.pem
{ cat company.pem && head -c 70000 /dev/zero | tr '\0' '\n'; } >large.pem

server='basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName='
issued ready company "${server}DNS:dev.vault.localhost,DNS:*.test.internal,IP:10.1.2.3\n"
issued wildcard company "${server}DNS:*.vault.localhost\n"
issued client company 'extendedKeyUsage=clientAuth\nsubjectAltName=DNS:dev.vault.localhost\n'
issued deep middle "${server}DNS:dev.vault.localhost\n"
cat ready.pem company.pem >ready-chain.pem
cat deep.pem middle.pem >deep-chain.pem

printf 'open sesame\nsecond line\n' >password
printf 'wrong\n' >wrong
chmod 600 password wrong
openssl pkcs8 -topk8 -in company.key -passout pass:'open sesame' -out locked.key
openssl pkcs8 -topk8 -in ready.key -passout pass:'open sesame' -out ready-locked.key
p12()
{
    openssl pkcs12 -export "$@" 2>/dev/null
}
p12 -in company.pem -inkey company.key -passout pass:'open sesame' -out company.p12
p12 -in company.pem -inkey company.key -passout pass: -out open.p12
p12 -in company.pem -nokeys -passout pass: -out keyless.p12
p12 -in leaf.pem -inkey leaf.key -passout pass: -out leaf.p12
p12 -in middle.pem -inkey middle.key -certfile company.pem -passout pass: -out middle.p12
# as older tools write it; there is none where OpenSSL cannot
p12 -legacy -in company.pem -inkey company.key -passout pass:'open sesame' -out old.p12 || rm -f old.p12
printf 'nothing of the kind\n' >text
: >empty
