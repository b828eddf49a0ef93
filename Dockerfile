# One image for server and worker: docker-compose.yml says which command runs.

FROM python:3.12-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

RUN python -m venv /opt/edunn
# The dependencies first: they change less often than the code, and their layer is kept.
COPY requirements.lock /src/
RUN /opt/edunn/bin/pip install -r /src/requirements.lock

WORKDIR /src
COPY pyproject.toml README.md LICENSE /src/
COPY edunn/ /src/edunn/
COPY edunn_serving/ /src/edunn_serving/
COPY worker/ /src/worker/
COPY server/ /src/server/
COPY standalone/ /src/standalone/
RUN /opt/edunn/bin/pip install --no-deps .


FROM python:3.12-slim-bookworm

# PYTHONUNBUFFERED: a log line is seen when it is written.
ENV PATH=/opt/edunn/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin edunn
# Volumes that are mounted here belong to the service too.
RUN mkdir -p /var/lib/edunn/artifacts /var/lib/edunn/callers /var/lib/edunn/exchange \
    && chmod 700 /var/lib/edunn/exchange && chown -R edunn /var/lib/edunn
# It belongs to root: the service cannot change its own code.
COPY --from=build /opt/edunn /opt/edunn

# A folder without Python files: the modules come from the installation alone.
WORKDIR /opt/edunn
USER edunn
EXPOSE 50051
CMD ["python", "-m", "server"]
