# What is needed to build, and nothing of it in the image.
FROM debian:bookworm-slim AS build
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        ca-certificates python3 python3-venv

# The versions this image was tested with; made anew by
# uv pip compile --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.txt
COPY requirements.txt /source/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir -r /source/requirements.txt

# A layer of its own, so that a change of gradshift is a change of a few megabytes.
COPY pyproject.toml version README.md LICENSE /source/
COPY src /source/src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --prefix /opt/app /source \
    && /opt/venv/bin/pip uninstall -qy pip setuptools \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} +


FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="gradshift" \
    org.opencontainers.image.description="BIDS App: did the hierarchy of the cortex flatten after a drug?" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.authors="The gradshift developers"

RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

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

ENTRYPOINT ["/opt/gradshift/run.py"]
