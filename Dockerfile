# One image for the API, the driver and every Ray node: Ray and Python must be the same, to the
# patch level, on all of them.
#
#   PYTHON_IMAGE  the base, of Python 3.11 or newer; one that holds your own certificates, say
#   TORCH_INDEX   a package index to take torch from, such as PyTorch's index of CPU builds;
#                 by default torch comes with the rest, and brings CUDA
#
# A wheel in the folder wheels/ is taken before one of an index: torch's CPU build there gives a
# CPU image from the same lock file. Needs no BuildKit.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/fathom
ENV PATH=/opt/fathom/bin:$PATH
WORKDIR /build
COPY wheels/ wheels/
COPY requirements-cluster.lock ./
RUN if [ -n "$TORCH_INDEX" ]; then \
      pip install --no-deps --index-url "$TORCH_INDEX" \
        "$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements-cluster.lock)"; \
    fi \
 && pip install --find-links wheels --requirement requirements-cluster.lock

FROM packages AS project
COPY pyproject.toml README.md LICENSE ./
COPY rwinit/ rwinit/
COPY workers/ workers/
COPY service/ service/
COPY migrations/ migrations/
COPY sweeps/ sweeps/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /project .

FROM ${PYTHON_IMAGE}
# The number is fixed, so that files of a volume keep their owner over new images.
RUN groupadd --gid 10001 fathom \
 && useradd --uid 10001 --gid 10001 --create-home fathom \
 && install -d -o fathom -g fathom -m 0700 /var/lib/fathom /var/lib/fathom-checkpoints
ENV PATH=/opt/fathom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FATHOM_HOME=/var/lib/fathom \
    RAY_USAGE_STATS_ENABLED=0 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
# The packages are a layer of their own: a new version of the project leaves it as it is.
COPY --from=packages /opt/fathom /opt/fathom
COPY --from=project /project /project
RUN pip install --disable-pip-version-check --no-cache-dir --no-index --no-deps /project/*.whl
COPY sweeps/ /opt/fathom/sweeps/
USER 10001:10001
WORKDIR /var/lib/fathom
CMD ["fathom", "--help"]
