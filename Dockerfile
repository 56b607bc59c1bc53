# One image for all jobs and for HTTP; what runs is named by module, `jobs.trades` where nothing is named.
#   docker build --build-arg GIT_HASH=$(git rev-parse HEAD) -t golden-thread .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL golden-thread jobs.rejected_signals --help
#   docker run --read-only --tmpfs /tmp --cap-drop ALL -p 127.0.0.1:8080:8080 golden-thread \
#       functions_framework --source /app/jobs/http/main.py --target run_job
# Builds with the classic builder too: no syntax line, no heredoc, no mounts.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY requirements.txt /build/
# Without the tests of pandas and numpy, and without Arrow's headers, tests, clients of Flight and S3, and second copies
# of a library under other names: nothing that a job imports loads them (tests/security/test_image.py).
RUN python3 -m venv --without-pip /venv \
    && python3 -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --no-deps \
        --require-hashes --only-binary :all: -r /build/requirements.txt \
    && cd /venv/lib/python3.*/site-packages \
    && rm -rf pyarrow/include pyarrow/src pyarrow/tests pyarrow/*flight* pyarrow/*s3* \
        pyarrow/libarrow_python.so pyarrow/libarrow_python.so.*.* \
    && find pandas numpy -type d -name tests -prune -exec rm -rf {} +
COPY schemas /app/schemas
COPY shared /app/shared
COPY jobs /app/jobs
# The file system is read-only when a job runs: what is not compiled now would be compiled at every start.
RUN python3 -m compileall -q /app

FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ENV PATH=/venv/bin:${PATH} PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
LABEL org.opencontainers.image.title="golden-thread" \
    org.opencontainers.image.description="Moves trading history from Firestore and Alpaca to BigQuery." \
    org.opencontainers.image.base.name=${BASE_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
# Nobody in particular: no name, no home, no right to write anywhere but /tmp.
USER 65532:65532
WORKDIR /tmp
# Exec form: SIGTERM reaches Python itself. `docker run IMAGE jobs.strategies --dry-run` replaces the second line only.
ENTRYPOINT ["python", "-m"]
CMD ["jobs.trades"]
# Last, so that a commit which changes no file above shares every layer with the one before.
ARG GIT_HASH
ENV GIT_HASH=${GIT_HASH}
LABEL org.opencontainers.image.revision=${GIT_HASH}
