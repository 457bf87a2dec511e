#!/usr/bin/env bash
# Builds what a release has for one target: an archive of the program, its manual pages, completions and documents, and
# on Linux with glibc, where cargo-deb is installed, a Debian package of the same. Both are left in target/package/.
#
#   packaging/build.sh [TARGET]    a target of `rustup target list` whose programs run here [this machine's own]
#
# SOURCE_DATE_EPOCH is the time that packed files bear [that of the commit], DEB_MAINTAINER who answers for the Debian
# package, as NAME <ADDRESS> [as in Cargo.toml]. The same commit, compiler and target give the same archive, wherever
# it is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly OUT=target/package
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n '/^version = "\(.*\)"$/{s//\1/p;q}' Cargo.toml)
name=fillbench-$version-$target
build=${CARGO_TARGET_DIR:-target}/$target/release
# The tar of macOS cannot sort, nor set times.
tar=$(command -v gtar || command -v tar)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# Packages hold no symbols, and nothing of the folders that they were built in.
export SOURCE_DATE_EPOCH CARGO_PROFILE_RELEASE_STRIP=symbols
export RUSTFLAGS="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
cargo build --release --locked --bin fillbench --target "$target"

rm -rf "$OUT/man" "$OUT/completions" "${OUT:?}/$name"
install -d -m 755 "$OUT/completions" "$OUT/$name"/{completions,docs,man,benchmark}
"$build/fillbench" man --out "$OUT/man"
"$build/fillbench" completions bash > "$OUT/completions/fillbench.bash"
"$build/fillbench" completions zsh > "$OUT/completions/_fillbench"
"$build/fillbench" completions fish > "$OUT/completions/fillbench.fish"

install -m 755 "$build/fillbench" "$OUT/$name"
install -m 644 README.md CHANGELOG.md PERFORMANCE.md LICENSE-MIT LICENSE-APACHE "$OUT/$name"
install -m 644 docs/*.md "$OUT/$name/docs"
install -m 644 "$OUT"/man/* "$OUT/$name/man"
install -m 644 "$OUT"/completions/* "$OUT/$name/completions"
install -m 755 benchmark/ci-regression.sh "$OUT/$name/benchmark"
install -m 644 benchmark/github-workflow.yml benchmark/sweep.toml "$OUT/$name/benchmark"
"$tar" --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --directory "$OUT" \
    "$name" | gzip -9n > "$OUT/$name.tar.gz"
rm -r "${OUT:?}/$name"
printf 'built: %s\n' "$OUT/$name.tar.gz"

if [[ $target == *-linux-gnu ]] && command -v cargo-deb >/dev/null; then
    cargo deb --no-build --no-strip --target "$target" --output "$OUT/" ${DEB_MAINTAINER:+--maintainer "$DEB_MAINTAINER"}
fi
