# fillbench and nothing else: one static program, run by nobody in particular.
#
#   docker build -t fillbench .
#   docker run --rm fillbench --embedded --data 1
#
# BUILDER is an image with Rust 1.88 or newer, a C compiler and glibc's static libraries; BASE is what the program is put
# into, which may be empty. Named with a digest (rust:1.95-slim-bookworm@sha256:…), they fix all that Cargo.lock does
# not; times in the image are BuildKit's matter (SOURCE_DATE_EPOCH). Plain instructions only, so that the classic
# builder takes this as well.
ARG BUILDER=rust:1.95-slim-bookworm
ARG BASE=scratch

FROM ${BUILDER} AS build
WORKDIR /build
# With a target named, flags are for the program alone: procedural macros, which run in the compiler, cannot be static.
# What is seldom needed of a program this small are its symbols.
ENV RUSTFLAGS="-C target-feature=+crt-static" CARGO_PROFILE_RELEASE_STRIP=symbols
# The dependencies change seldom: they are a layer of their own, compiled for an empty program.
COPY Cargo.toml Cargo.lock build.rs* ./
RUN rustc -vV | sed -n 's/^host: //p' >target-name \
    && mkdir src && touch src/lib.rs && echo 'fn main() {}' >src/main.rs \
    && cargo build --locked --release --target "$(cat target-name)" \
    && rm -r src
COPY slot-tags/tags.txt slot-tags/
COPY src src
# Cargo goes by times, and these files may be older than what it has just made of the empty ones.
RUN find src -name '*.rs' -exec touch {} + \
    && cargo build --locked --release --target "$(cat target-name)" \
    && mkdir -p /image/usr/local/bin /image/results /image/etc/ssl/certs \
    && cp "target/$(cat target-name)/release/fillbench" /image/usr/local/bin/ \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/
COPY LICENSE-APACHE LICENSE-MIT /image/usr/share/doc/fillbench/

FROM ${BASE}
LABEL org.opencontainers.image.title="fillbench" \
      org.opencontainers.image.description="Fill and benchmark Redis and Valkey: every key proven to be there" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/usr /usr
# Authorities to trust, for --tls without --cacert.
COPY --from=build /image/etc /etc
# For --out: a folder that the user of the image may write to.
COPY --from=build --chown=65532:65532 /image/results /results
WORKDIR /results
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/fillbench"]
