# Predict-only on Lambda: the image, the Lambda Web Adapter and a model. Built by lambda_deploy in a folder with the model file.
ARG BASE
FROM public.ecr.aws/awsguru/aws-lambda-adapter:1.0.1 AS adapter

# checkov:skip=CKV_DOCKER_7:BASE is an image with its digest
# hadolint ignore=DL3006
FROM ${BASE}
COPY --from=adapter /lambda-adapter /opt/extensions/lambda-adapter
COPY *.model /opt/ml/model/
# The adapter passes invocations to the port, once the path below answers 200: any status up to 499 would do otherwise.
# The function has an address with AWS_IAM authorisation, so that AWS has checked every caller before the server sees it.
# lambda_deploy adds the host name of that address to server.hosts, which is not known before it exists.
ENV AWS_LWA_PORT=8080 \
    AWS_LWA_READINESS_CHECK_PATH=/readyz \
    AWS_LWA_READINESS_CHECK_HEALTHY_STATUS=200 \
    PORT=8080 \
    TITANIC_SERVER__AUTH=none \
    TITANIC_SERVER__HOSTS=[]
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/titanic-platform", "health", "--ready"]
CMD ["serve", "--predict-only"]
