#!/bin/sh
# Makes what the server of this folder needs, and replaces what an earlier run of this has made: an authority whose key
# is thrown away at once, a certificate for the server, and an ACL user with a random password. Certificates are valid
# for 30 days, or so many as are given. It needs openssl, or LibreSSL.
#
#   ./make-secrets.sh [DAYS]
set -eu
cd "$(dirname "$0")"

days=${1-30}
case $days in '' | 0* | *[!0-9]*) echo "make-secrets.sh: DAYS is a number of days from 1 on, not \`$days\`" >&2; exit 2 ;; esac

umask 077
work=$(mktemp -d ./secrets.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/server"

# settings NAME: what to call a certificate; what it is good for is read from stdin
settings() {
    printf '[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = %s\n[extensions]\n' "$1"
    cat
}
settings "fillbench standalone-tls authority" >"$work/ca.cnf" <<'END'
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
END
settings "fillbench standalone-tls server" >"$work/server.cnf" <<'END'
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:server, DNS:localhost, IP:127.0.0.1, IP:::1
END

openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
openssl req -new -x509 -sha256 -days "$days" -config "$work/ca.cnf" -extensions extensions \
    -key "$work/ca.key" -out "$work/server/ca.crt"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/server/server.key"
openssl req -new -config "$work/server.cnf" -key "$work/server/server.key" -out "$work/server.csr"
openssl x509 -req -sha256 -days "$days" -extfile "$work/server.cnf" -extensions extensions \
    -CA "$work/server/ca.crt" -CAkey "$work/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -in "$work/server.csr" -out "$work/server/server.crt" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }

password=$(openssl rand -hex 24)
hash=$(printf %s "$password" | openssl dgst -sha256 | sed 's/.* //')
# What a fill needs, its proof, and `fillbench verify --repair`; FLUSHALL is for --flush.
cat >"$work/server/users.acl" <<END
user default off
user filler on #$hash ~* resetchannels -@all +ping +info +client|reply +client|info +config|get +dbsize +set +mset +del +pexpire +exists +mget +getrange +strlen +pttl +flushall
END

# The server has a user of its own in its container, who must be able to read these. On this machine nobody else
# gets as far: the folder above stays closed.
chmod 755 "$work/server"
chmod 644 "$work/server"/*
echo "FILLER_PASSWORD=$password" >"$work/env"

rm -rf secrets
mkdir secrets
mv "$work/server" secrets/server
mv "$work/env" .env
echo "made secrets/server for $days days, and the password of the user filler in .env"
