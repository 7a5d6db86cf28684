FROM debian:bookworm-slim

RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

# The versions this image was tested with.
COPY requirements.txt /opt/gradshift/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir -r /opt/gradshift/requirements.txt

COPY pyproject.toml version README.md LICENSE run.py /opt/gradshift/
COPY src /opt/gradshift/src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /opt/gradshift \
    && cp /opt/gradshift/version /version \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib

# Any user may run the image, with or without a home, on a read-only file system.
RUN mkdir -p /home/gradshift && chmod 1777 /home/gradshift
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/gradshift \
    MPLCONFIGDIR=/tmp/matplotlib \
    TEMPLATEFLOW_HOME=/home/gradshift/templateflow \
    NO_ET=1 \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1

ENTRYPOINT ["/opt/gradshift/run.py"]
