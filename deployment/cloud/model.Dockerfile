# The image with a model in it, for clouds that start an image and nothing else. To be built in a folder with one model file:
#
#     docker build --build-arg BASE=ghcr.io/example/titanic-platform@sha256:DIGEST --file model.Dockerfile --tag NAME FOLDER
ARG BASE
# checkov:skip=CKV_DOCKER_7:BASE is an image with its digest
# hadolint ignore=DL3006
FROM ${BASE}
COPY *.model /mnt/models/
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/titanic-platform", "health", "--ready"]
CMD ["serve", "--predict-only"]
