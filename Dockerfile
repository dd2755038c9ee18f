# One image for every node, and for one server. Build what the cluster file names (docs/cluster.md):
#   docker build --target cpu -t REGISTRY/salescontrol:0.1.0-py3.12.13-ray2.60.0-cpu .
#   docker build --target gpu -t REGISTRY/salescontrol:0.1.0-py3.12.13-ray2.60.0-gpu .
# Python is equal to the patch on all nodes, because both targets begin with one base; packages come from constraints.txt.
ARG PYTHON_VERSION=3.12.13
ARG DEBIAN=bookworm

FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS packages
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# The sources come later, so that a changed line does not install everything anew.
RUN touch README.md \
    && pip install --no-cache-dir --prefix=/packages -c constraints.txt '.[server,dashboard,s3,aws,models]'

FROM packages AS packages-gpu
RUN pip install --no-cache-dir --no-deps --prefix=/cuda -c constraints.txt nvidia-cublas-cu12 nvidia-cuda-nvrtc-cu12

FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS base
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="SalesControl" \
      org.opencontainers.image.description="Finds upselling in shop-counter audio on a Ray cluster" \
      org.opencontainers.image.version="${VERSION}"
# rsync and ssh: `ray up` copies files into the container, and the head's autoscaler reaches the other nodes from it.
RUN apt-get update \
    && apt-get install -y --no-install-recommends openssh-client rsync \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home --shell /bin/bash salescontrol \
    && install -d -o salescontrol -g salescontrol /var/lib/salescontrol /home/salescontrol/secrets
# Under /usr/local rather than in a virtual environment: Ray's launcher opens login shells, which set PATH anew.
COPY --from=packages /packages /usr/local
# HOME: Ray's launcher reads it from the image to find where "~" is.
ENV HOME=/home/salescontrol \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    SALESCONTROL_HOME=/var/lib/salescontrol \
    OMP_NUM_THREADS=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    RAY_SERVE_THROUGHPUT_OPTIMIZED=1 \
    RAY_SERVE_CONTROL_LOOP_INTERVAL_S=0.4 \
    RAY_task_events_report_interval_ms=10000
WORKDIR /app
# The node's own Ray agent answers, on the head and on workers. A service without Ray brings a check of its own.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:52365/api/local_raylet_healthz', timeout=8)"]
CMD ["salescontrol", "--help"]

FROM base AS gpu
COPY --from=packages-gpu /cuda /usr/local
# CTranslate2 opens cuBLAS by name; the driver comes from the host by NVIDIA's container runtime.
RUN ls -d /usr/local/lib/python3.*/site-packages/nvidia/*/lib > /etc/ld.so.conf.d/cuda.conf && ldconfig
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY . .
RUN python -m compileall -q .
USER salescontrol
# Models are part of the image, so a new node asks no network for them. Others, or none: --build-arg WHISPER_MODELS="…"
ARG WHISPER_MODELS="large-v3-turbo"
RUN python -m serve_apps.whisper.warm ${WHISPER_MODELS}
ENV HF_HUB_OFFLINE=1

# Last, so that it is what `docker build .` makes. Whisper base is among the packages.
FROM base AS cpu
COPY . .
RUN python -m compileall -q .
USER salescontrol
