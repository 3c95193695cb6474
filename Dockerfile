# The image of titanic-platform: the binary and what it links, without a shell or a package manager.
#
#     docker build --tag titanic-platform .
#     docker run --rm -p 127.0.0.1:5000:5000 -e TITANIC_SERVER__AUTH=none titanic-platform
#
# Stage 1 compiles the dependencies. Its layer stays valid until Cargo.toml or Cargo.lock changes.
FROM rust:1.95-slim-bookworm AS dependencies
WORKDIR /src
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
# Cargo wants every target of Cargo.toml to have a file; these are empty.
RUN mkdir -p src tests/bench/load \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs tests/bench/paths.rs \
    && cp src/main.rs tests/bench/load/main.rs \
    && cargo build --release --locked --bin titanic-platform

FROM dependencies AS build
COPY . .
# Cargo compares modification times, and those of the checkout may be older than the empty files above. The state folder
# belongs to the user and to group 0, so that a user id chosen by the cluster, which is in group 0, can write to it, too.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin titanic-platform \
    && install -d -m 0770 -o 10001 -g 0 /state

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="titanic-platform" \
      org.opencontainers.image.description="A real-time tabular classifier through its whole life, in one binary" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /src/target/release/titanic-platform /usr/local/bin/titanic-platform
COPY --from=build --chown=10001:0 --chmod=0770 /state /var/lib/titanic-platform
# The address is set and the port is not: clouds choose it (PORT, AIP_HTTP_PORT, 8080 beside /opt/ml/model). `server.auth` is
# not set either. A server that other machines can reach does not start until somebody decides who may call it.
ENV TITANIC_SERVER__HOST=0.0.0.0 \
    TITANIC_STATE=/var/lib/titanic-platform \
    TITANIC_LOG__FORMAT=json
USER 10001:10001
WORKDIR /var/lib/titanic-platform
# Also for ECS, where a volume has the rights of the folder in the image only if the image declares it.
VOLUME ["/var/lib/titanic-platform", "/tmp"]
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/titanic-platform", "health", "--ready"]
ENTRYPOINT ["/usr/local/bin/titanic-platform"]
CMD ["serve"]
