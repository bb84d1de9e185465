# The server over stdio, as a user without privilege; sessions are kept in the volume.
#
#   docker build -t mcp-codeexec .
#   docker run -i --rm --init -v codeexec:/data mcp-codeexec
#
# Which layers of the sandbox a container leaves in place depends on its runtime and kernel:
#   docker run --rm --init mcp-codeexec doctor

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY deno_host deno_host
COPY mcp_codeexec mcp_codeexec
RUN python -m venv /opt/codeexec && /opt/codeexec/bin/pip install --no-cache-dir .

FROM python:3.13-slim
# the folder belongs to the user before it is a volume, so a new volume does too
RUN useradd --uid 10001 --create-home codeexec && install --directory --owner codeexec --group codeexec --mode 700 /data
COPY --from=build /opt/codeexec /opt/codeexec
ENV PATH=/opt/codeexec/bin:$PATH MCP_CODEEXEC_DATA_DIR=/data
USER 10001
VOLUME /data
ENTRYPOINT ["mcp-codeexec"]
