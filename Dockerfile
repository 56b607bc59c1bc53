# One image for all jobs: the job is chosen by its command, `python -m jobs.trades` by default.
#   docker build --build-arg GIT_HASH=$(git rev-parse HEAD) -t golden-thread .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL golden-thread python -m jobs.rejected_signals --help
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY requirements.txt /build/
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -r /build/requirements.txt \
    && rm -rf /venv/lib/python3.*/site-packages/pip /venv/lib/python3.*/site-packages/pip-* /venv/bin/pip*

FROM ${BASE_IMAGE}
ARG GIT_HASH
ENV PATH=/venv/bin:${PATH} PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GIT_HASH=${GIT_HASH}
LABEL org.opencontainers.image.title="golden-thread" org.opencontainers.image.revision=${GIT_HASH}
COPY --from=build /venv /venv
COPY schemas /app/schemas
COPY shared /app/shared
COPY jobs /app/jobs
# The file system is read-only when a job runs: what is not compiled now would be compiled at every start.
RUN python -m compileall -q /app
# Nobody in particular: no name, no home, no right to write anywhere but /tmp.
USER 65532:65532
WORKDIR /tmp
# Exec form: SIGTERM reaches Python itself.
CMD ["python", "-m", "jobs.trades"]
