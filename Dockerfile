# Build it with `make image`, which fills in the labels. The base may be given by digest, as a
# release does: --build-arg BASE=debian:bookworm-slim@sha256:... (see RELEASING.md).
ARG BASE=debian:bookworm-slim

# What is needed to build, and nothing of it in the image.
FROM ${BASE} AS build
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        ca-certificates python3 python3-venv

# Every file that comes from an index is one whose hash is written down (`make lock`). Wheels are
# built with the tools of requirements-build.txt, so that no build fetches tools of its own.
COPY requirements-build.txt requirements.txt /source/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r /source/requirements-build.txt \
    && /opt/build/bin/pip wheel --no-cache-dir --require-hashes --no-deps --no-build-isolation \
        -r /source/requirements.txt -w /wheels \
    && python3 -m venv --without-pip /opt/venv \
    && cd /wheels \
    && ls *.whl | cut -d - -f 1 | xargs /opt/build/bin/pip --python /opt/venv/bin/python install \
        --no-index --find-links . --no-deps --no-compile \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} +

# Compiled files hold neither times nor the order of a set, so that each build makes the same
# bytes, and they are never looked up against a source that cannot change.
RUN PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

# A layer of its own, so that a change of gradshift is a change of a few megabytes.
COPY pyproject.toml version README.md LICENSE /source/
COPY src /source/src
RUN /opt/build/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation /source \
        -w /own \
    && /opt/build/bin/pip --python /opt/venv/bin/python install --no-index --find-links /own \
        --no-deps --no-compile --prefix /opt/app gradshift \
    && PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode unchecked-hash \
        -s /opt/app -p /opt/venv /opt/app/lib


FROM ${BASE}
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

# Any user may run the image, with or without a home, on a read-only file system.
RUN mkdir -m 1777 /home/gradshift
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/home/gradshift \
    MPLCONFIGDIR=/tmp/matplotlib \
    NO_ET=1 \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1

COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/app /opt/venv
COPY run.py /opt/gradshift/
COPY version /

# Last, since they change with every commit. A label that contradicts the file is refused.
ARG BASE
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
ARG CREATED=""
RUN test -z "$VERSION" || test "$VERSION" = "$(cat /version)"
LABEL org.opencontainers.image.title="gradshift" \
    org.opencontainers.image.description="BIDS App: did the hierarchy of the cortex flatten after a drug?" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.authors="The gradshift developers" \
    org.opencontainers.image.base.name="${BASE}" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}" \
    org.opencontainers.image.created="${CREATED}"
ENV GRADSHIFT_IMAGE_TAG="gradshift:${VERSION:-unreleased}"

# The first user of most machines. Others say who they are: docker run -u $(id -u):$(id -g).
USER 1000:1000
ENTRYPOINT ["/opt/gradshift/run.py"]
