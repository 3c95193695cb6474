# The binary alone on a slim base, as a user without rights.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/titanic --create-home titanic
COPY --from=build /src/target/release/titanic-platform /usr/local/bin/
USER titanic
VOLUME /var/lib/titanic
WORKDIR /var/lib/titanic
# Inside a container the server must listen on every address. It refuses to do so until it is told who may ask: give
# tokens in a settings file, or -e TITANIC_SERVER__AUTH=none where only trusted hosts reach the published port.
ENV TITANIC_STATE=/var/lib/titanic/state TITANIC_SERVER__LISTEN=0.0.0.0:5000 TITANIC_LOG__FORMAT=json
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=2s --start-period=10s CMD curl -fsS http://127.0.0.1:5000/readyz || exit 1
ENTRYPOINT ["titanic-platform"]
CMD ["serve"]
