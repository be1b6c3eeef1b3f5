# CPU image, core only (no torch).
#
#   docker build -t videotoon .
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/work" videotoon in.mp4 out.mp4
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/videotoon \
    && /opt/videotoon/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.11-slim
# opencv-python links against these two.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/videotoon /opt/videotoon
# Compiled networks are cached here; writable for whatever user the container runs as.
ENV PATH=/opt/videotoon/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp/cache
RUN useradd --create-home --uid 1000 videotoon
USER videotoon
WORKDIR /work
ENTRYPOINT ["videotoon"]
