# The production image: the service without the stand-in Lever, `dev` and `demo`.
FROM rust:1.95-bookworm AS build
WORKDIR /build
# Dependencies first: this layer changes with Cargo.lock, and seldom with a bench, which cargo wants to see where Cargo.toml names it.
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
RUN mkdir -p src migrations \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --no-default-features
COPY askama.toml ./
COPY migrations migrations
COPY src src
# Newer than what the layer above built from empty files.
RUN touch src/main.rs src/lib.rs build.rs \
    && cargo build --release --locked --no-default-features

FROM debian:bookworm-slim
# Lever's certificate is checked against the system's authorities.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/lever-integration /usr/local/bin/
USER nobody
ENV LISTEN_ADDR=0.0.0.0:8080 LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["lever-integration"]
CMD ["serve"]
